/**
 * The filters over a list, each one word of the address. They are the browser's own controls: quick, and known to every phone and
 * screen reader. Nothing chosen is no filter.
 */
import { useEffect, useState } from 'react';
import { dayIn } from './search.ts';

const CONTROL =
  'h-9 w-full rounded-lg bg-kumo-control px-3 text-sm text-kumo-default ring ring-kumo-hairline outline-none focus:ring-kumo-focus';

const LABEL = 'flex min-w-0 flex-1 basis-36 flex-col gap-1 text-xs text-kumo-subtle sm:max-w-48';

interface FilterProps<T extends string> {
  label: string;
  value: T | undefined;
  onChange: (value: T | undefined) => void;
}

export function FilterSelect<T extends string>({
  label,
  value,
  onChange,
  names,
}: FilterProps<T> & { names: Partial<Record<T, string>> }) {
  return (
    <label className={LABEL}>
      {label}
      <select
        className={CONTROL}
        value={value ?? ''}
        onChange={(event) => onChange((event.target.value || undefined) as T | undefined)}
      >
        <option value="">All</option>
        {Object.entries<string | undefined>(names).map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Years that are still being typed ("0020") are not asked for. */
const SINCE = '2000-01-01';

export function FilterDay({ label, value, onChange }: FilterProps<string>) {
  const [typed, setTyped] = useTyped(value);
  const take = (text: string) => {
    setTyped(text);
    const day = dayIn(text);
    if (text === '' || (day && day >= SINCE)) onChange(day);
  };
  return (
    <label className={LABEL}>
      {label}
      <input type="date" className={CONTROL} value={typed} onChange={(event) => take(event.target.value)} />
    </label>
  );
}

/** What is typed counts once it is finished: by Enter, or by leaving the field. */
export function FilterText({ label, value, onChange, hint }: FilterProps<string> & { hint?: string }) {
  const [typed, setTyped] = useTyped(value);
  const take = () => typed.trim() !== (value ?? '') && onChange(typed.trim() || undefined);
  return (
    <label className={LABEL}>
      {label}
      <input
        type="text"
        className={CONTROL}
        placeholder={hint}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
      />
    </label>
  );
}

/** What is being typed, until the address says otherwise, as behind the back button. */
function useTyped(value: string | undefined) {
  const [typed, setTyped] = useState(value ?? '');
  useEffect(() => setTyped(value ?? ''), [value]);
  return [typed, setTyped] as const;
}
