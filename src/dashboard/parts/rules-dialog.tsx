/** Editing what a member or a key may be used for: models, providers, endpoints, prices and addresses, with what follows said before. */
import { Textarea } from '@cloudflare/kumo/components/input';
import { useState } from 'react';
import type { Rules } from '../../../client/index.ts';
import { toast } from '../shell/toasts.tsx';
import { Consequences } from './consequences.tsx';
import { DialogEnd, Modal } from './dialog.tsx';
import { Form, MoneyField, SubmitButton, TextField, useFieldError, useSubmit } from './form.tsx';
import { changedRules, draftOf, type RuleField, rulesOf } from './rules.ts';

interface RulesDialogProps {
  /** Whose they are. */
  name: string;
  rules: Rules;
  /** Whom and what they bind besides, in a sentence. */
  reach: string;
  save: (rules: Rules) => Promise<{ pending?: true }>;
  /** Told what was saved: has old answers forgotten. */
  saved: () => Promise<unknown>;
  close: () => void;
}

/** What is asked for rarely; open from the start where something is ruled there. */
const RARE = ['endpoints.allow', 'ips.allow', 'ips.deny', 'maxInputPrice', 'maxOutputPrice'] as const;

export default function RulesDialog({ name, rules, reach, save, saved, close }: RulesDialogProps) {
  // Of when the dialog was opened: what somebody else saves meanwhile makes this one stale, which the server says.
  const [{ first, send }] = useState(() => ({ first: draftOf(rules), send: save }));
  const [draft, setDraft] = useState(first);
  const said = changedRules(rulesOf(first), rulesOf(draft));
  const submit = useSubmit(() => send(rulesOf(draft)), {
    done: async ({ pending }) => {
      toast.done(pending ? 'Saved. They are in force within minutes.' : `The rules of ${name} are in force.`);
      close();
      await saved();
    },
  });
  const of = (field: RuleField) => ({
    name: `rules.${field}`,
    value: draft[field],
    onChange: ({ target }: { target: { value: string } }) => setDraft({ ...draft, [field]: target.value }),
    autoComplete: 'off',
  });
  return (
    <Modal
      title={`Rules of ${name}`}
      description="What is denied is denied, whatever is allowed. Names have commas or spaces between them."
      size="lg"
      close={close}
    >
      <Form submit={submit}>
        <ListField
          {...of('models.allow')}
          label="Only these models"
          placeholder="All"
          description="As in gpt-5.5, openai/gpt-5.5, or openai/* for all that begin so."
        />
        <ListField {...of('models.deny')} label="Never these models" placeholder="None" />
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <TextField {...of('providers.allow')} label="Only these providers" placeholder="All" />
          <TextField {...of('providers.deny')} label="Never these providers" placeholder="None" />
        </div>
        <details open={RARE.some((field) => first[field] !== '')}>
          <summary className="cursor-pointer rounded font-medium text-kumo-default focus-visible:outline-2 focus-visible:outline-kumo-focus">
            Prices, endpoints and addresses
          </summary>
          <div className="mt-4 flex flex-col gap-4">
            <div className="grid items-start gap-4 sm:grid-cols-2">
              <MoneyField {...of('maxInputPrice')} label="Most per million tokens in, in USD" />
              <MoneyField {...of('maxOutputPrice')} label="Most per million tokens out, in USD" />
            </div>
            <TextField
              {...of('endpoints.allow')}
              label="Only these endpoints"
              placeholder="All"
              description="As in chat/completions, messages, responses, embeddings."
            />
            <div className="grid items-start gap-4 sm:grid-cols-2">
              <TextField
                {...of('ips.allow')}
                label="Only from these addresses"
                placeholder="All"
                description="As in 203.0.113.7, or 10.0.0.0/8 for a range."
              />
              <TextField {...of('ips.deny')} label="Never from these addresses" placeholder="None" />
            </div>
          </div>
        </details>
        <Consequences said={said}>
          <p className="mt-2">
            The next request that breaks a rule is refused; one that is answered already goes on. {reach}
          </p>
        </Consequences>
        <DialogEnd close={close}>
          <SubmitButton>Save rules</SubmitButton>
        </DialogEnd>
      </Form>
    </Modal>
  );
}

interface ListFieldProps {
  name: string;
  label: string;
  value: string;
  placeholder: string;
  description?: string;
  onChange: (event: { target: { value: string } }) => void;
}

/** A list that may be long. */
function ListField({ name, ...rest }: ListFieldProps) {
  const error = useFieldError(name);
  return <Textarea name={name} rows={2} className="w-full font-mono text-sm" {...rest} {...(error && { error })} />;
}
