/**
 * Forms. `useSubmit` sends; `<Form>` shows what the server refuses at the field that it names (`error.param`), else at the top, and moves
 * the focus there. What was typed stays. Fields are found by their `name`, which is the API's own: `limits.usageLimit`.
 *
 *   const submit = useSubmit((form) => purser.call(...), { done: () => ... });
 *   <Form submit={submit}> <TextField name="name" label="Name" /> <SubmitButton>Save</SubmitButton> </Form>
 */
import { Banner } from '@cloudflare/kumo/components/banner';
import { Button } from '@cloudflare/kumo/components/button';
import { Input } from '@cloudflare/kumo/components/input';
import { type UseMutationResult, useMutation } from '@tanstack/react-query';
import {
  type ComponentProps,
  createContext,
  type FormEvent,
  type ReactNode,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react';
import { isRefusal, tellError } from '../shell/api.ts';

/** What was typed, by the fields' names. */
export class Typed {
  readonly #data: FormData;

  constructor(data: FormData) {
    this.#data = data;
  }

  text(name: string): string {
    const value = this.#data.get(name);
    return typeof value === 'string' ? value.trim() : '';
  }

  /** As `text`, and null where nothing was typed: no limit, no note. */
  optional(name: string): string | null {
    return this.text(name) || null;
  }

  /** To the letter: of passwords, whose spaces count. */
  raw(name: string): string {
    const value = this.#data.get(name);
    return typeof value === 'string' ? value : '';
  }

  checked(name: string): boolean {
    return this.#data.has(name);
  }
}

type Submit<T> = UseMutationResult<T, Error, Typed>;

export function useSubmit<T>(
  send: (typed: Typed) => Promise<T>,
  { done }: { done?: (answer: T) => unknown } = {},
): Submit<T> {
  return useMutation({ mutationFn: send, onSuccess: async (answer) => void (await done?.(answer)) });
}

interface FormState {
  error: unknown;
  pending: boolean;
  /** Whether a field of this name is there, so that its error need not be told at the top. */
  register: (name: string) => () => void;
}

const FormContext = createContext<FormState | null>(null);

export function Form<T>({
  submit,
  children,
  className,
}: {
  submit: Submit<T>;
  children: ReactNode;
  className?: string;
}) {
  const form = useRef<HTMLFormElement>(null);
  const names = useRef(new Set<string>());
  const [loose, setLoose] = useState<unknown>(null);
  const { error, isPending } = submit;
  useEffect(() => {
    const param = isRefusal(error) ? error.param : null;
    const at = param === null ? undefined : [...names.current].find((name) => isAt(name, param));
    setLoose(at === undefined ? error : null);
    if (at === undefined) return;
    const named = form.current?.elements.namedItem(at);
    // Of radio buttons and checkboxes of one name, the first.
    const field = (named instanceof RadioNodeList ? named[0] : named) as HTMLElement | undefined | null;
    // Nobody sees what is wrong in a part that is folded up.
    const folded = field?.closest('details');
    if (folded) folded.open = true;
    field?.focus();
  }, [error]);
  const register = (name: string) => {
    names.current.add(name);
    return () => names.current.delete(name);
  };
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    // A form in a dialog lies within another page's form in React's eyes.
    event.stopPropagation();
    if (!isPending) submit.mutate(new Typed(new FormData(event.currentTarget)));
  };
  return (
    <FormContext value={{ error, pending: isPending, register }}>
      <form ref={form} noValidate onSubmit={send} className={className ?? 'flex flex-col gap-4'}>
        <div role="alert" className="empty:hidden">
          {loose ? <Banner variant="error" description={tellError(loose)} /> : null}
        </div>
        {children}
      </form>
    </FormContext>
  );
}

/** Whether the server names this field, or a part of what is edited in it: `rules.models.allow.2` stands at `rules.models.allow`. */
function isAt(name: string, param: string): boolean {
  return param === name || param.startsWith(`${name}.`);
}

/** What the server said is wrong with the field of this name: for a page's own kind of field. @public */
export function useFieldError(name: string): string | undefined {
  const form = useContext(FormContext);
  const register = form?.register;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the function is another each time and does the same
  useEffect(() => register?.(name), [name]);
  if (!isRefusal(form?.error) || form.error.param === null) return undefined;
  return isAt(name, form.error.param) ? form.error.message : undefined;
}

type TextFieldProps = Omit<ComponentProps<typeof Input>, 'error' | 'variant' | 'name' | 'label'> & {
  name: string;
  label: string;
};

export function TextField({ name, ...rest }: TextFieldProps) {
  const error = useFieldError(name);
  return <Input name={name} className="w-full" {...rest} {...(error && { error })} />;
}

/** An amount in USD; empty is none. */
export function MoneyField(props: TextFieldProps) {
  return <TextField inputMode="decimal" autoComplete="off" placeholder="No limit" {...props} />;
}

interface SelectFieldProps {
  name: string;
  label: string;
  description?: ReactNode;
  options: { value: string; label: string }[];
  defaultValue?: string;
  value?: string;
  onChange?: (value: string) => void;
  required?: boolean;
}

/** The browser's own list: it is quick, and every phone and screen reader knows it. */
export function SelectField({ name, label, description, options, onChange, ...rest }: SelectFieldProps) {
  const error = useFieldError(name);
  return (
    <label className="flex flex-col gap-2 text-base">
      <span className="font-medium text-kumo-default">{label}</span>
      <select
        name={name}
        className="h-9 w-full rounded-lg bg-kumo-control px-3 text-base text-kumo-default ring ring-kumo-hairline outline-none focus:ring-kumo-focus"
        aria-invalid={error ? true : undefined}
        onChange={(event) => onChange?.(event.target.value)}
        {...rest}
      >
        {options.map(({ value, label: shown }) => (
          <option key={value} value={value}>
            {shown}
          </option>
        ))}
      </select>
      {error ? <span className="text-sm text-kumo-danger">{error}</span> : null}
      {!error && description ? <span className="text-sm text-kumo-subtle">{description}</span> : null}
    </label>
  );
}

export function SubmitButton({
  children,
  ...rest
}: { children: ReactNode } & Pick<ComponentProps<typeof Button>, 'variant' | 'className' | 'size' | 'disabled'>) {
  const form = useContext(FormContext);
  return (
    <Button type="submit" variant="primary" loading={form?.pending ?? false} {...rest}>
      {children}
    </Button>
  );
}
