/** The organization: its name and zone, what the gateway keeps and tells, and when members are warned. */
import { Checkbox } from '@cloudflare/kumo/components/checkbox';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Organization } from '../../../../client/index.ts';
import { Form, SelectField, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Section } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { Personal } from '../team/personal.tsx';
import { DeleteOrganization } from './delete-organization.tsx';

/** What all of these forms end with. */
function useSaved() {
  const { organizationId: orgId } = useHere();
  const save = (body: Parameters<typeof change>[1]) => change(orgId, body);
  const done = async ({ pending }: { pending: number }) => {
    toast.done(pending > 0 ? `Saved. It reaches ${pending} more members within minutes.` : 'Saved.');
    await forget('GET /orgs/{orgId}', 'GET /me', 'GET /orgs');
  };
  return { save, done };
}

function change(orgId: string, body: Parameters<typeof purser.call<'PATCH /orgs/{orgId}'>>[1]['body']) {
  return purser.call('PATCH /orgs/{orgId}', { path: { orgId }, body });
}

export function OrganizationSettings() {
  const here = useHere();
  const { organizationId: orgId } = here;
  const organization = useQuery(asking('GET /orgs/{orgId}', { path: { orgId } }));
  return (
    <Answered query={organization} skeleton={<Bone className="h-96 w-full" />}>
      {(shown) => (
        <div className="flex flex-col gap-6">
          <Naming organization={shown} />
          <Warnings organization={shown} />
          <Keeping organization={shown} />
          {here.kind === 'personal' && <Personal what="Members, invitations and budgets" />}
          {here.may('organization.own') && <DeleteOrganization />}
          <p className="text-sm text-kumo-subtle">
            What developers get by default is set under{' '}
            <Link to="/orgs/$orgId/budgets" params={{ orgId }} className="text-kumo-link underline">
              Budgets
            </Link>
            , who invoices are made out to under{' '}
            <Link
              to="/orgs/$orgId/billing"
              params={{ orgId }}
              search={{ view: 'details' }}
              className="text-kumo-link underline"
            >
              Billing
            </Link>
            .
          </p>
        </div>
      )}
    </Answered>
  );
}

const FORM = 'flex max-w-xl flex-col gap-4';

function Naming({ organization: { name, timeZone } }: { organization: Organization }) {
  const { save, done } = useSaved();
  const submit = useSubmit((typed) => save({ name: typed.text('name'), timeZone: typed.text('timeZone') }), { done });
  const zones = [...new Set([timeZone, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
  return (
    <Section title="Organization">
      <Form submit={submit} className={FORM}>
        <TextField key={name} name="name" label="Name" defaultValue={name} autoComplete="off" required />
        <SelectField
          key={timeZone}
          name="timeZone"
          label="Time zone"
          description="By which calendar budgets begin anew, and days of reports are counted where nothing else is asked for."
          options={zones.map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') }))}
          defaultValue={timeZone}
        />
        <div>
          <SubmitButton>Save</SubmitButton>
        </div>
      </Form>
    </Section>
  );
}

function Warnings({ organization: { budgetWarnings } }: { organization: Organization }) {
  const { save, done } = useSaved();
  const submit = useSubmit((typed) => save({ budgetWarnings: percentsIn(typed.text('budgetWarnings')) }), { done });
  return (
    <Section title="Warnings">
      <Form submit={submit} className={FORM}>
        <TextField
          // What was saved is another default: a field takes one as it is made.
          key={budgetWarnings.join()}
          name="budgetWarnings"
          label="Warn members at these percents of a limit"
          placeholder="No warning"
          inputMode="numeric"
          autoComplete="off"
          defaultValue={budgetWarnings.join(', ')}
          description="With commas between them, as in 50, 80, 100. Members are mailed, and may choose others for themselves."
        />
        <div>
          <SubmitButton>Save warnings</SubmitButton>
        </div>
      </Form>
    </Section>
  );
}

/** What is no number is sent as none, for the server to say what is wrong. */
function percentsIn(text: string): number[] {
  return text
    .split(/[\s,%]+/)
    .filter(Boolean)
    .map(Number);
}

function Keeping({ organization: { replay, hideAmounts } }: { organization: Organization }) {
  const { save, done } = useSaved();
  const submit = useSubmit(
    (typed) => save({ replay: typed.checked('replay'), hideAmounts: typed.checked('hideAmounts') }),
    { done },
  );
  return (
    <Section title="What the gateway keeps and tells">
      <Form submit={submit} className={FORM}>
        <div className="flex flex-col gap-1">
          <Flag name="replay" label="Record answers for repeats" is={replay} />
          <p className="text-sm text-kumo-subtle">
            A request that is sent again under the same Idempotency-Key gets the recorded answer and costs nothing.
            Records are encrypted and kept for 24 hours. Without them, repeats are asked and charged anew.
          </p>
        </div>
        <div className="flex flex-col gap-1">
          <Flag name="hideAmounts" label="Hide amounts from callers" is={hideAmounts} />
          <p className="text-sm text-kumo-subtle">
            Answers and refusals name the limit that refused, without its amounts. The dashboard still shows them.
          </p>
        </div>
        <div>
          <SubmitButton>Save what is kept</SubmitButton>
        </div>
      </Form>
    </Section>
  );
}

function Flag({ name, label, is }: { name: string; label: string; is: boolean }) {
  const [checked, setChecked] = useState(is);
  return <Checkbox name={name} label={label} checked={checked} onCheckedChange={setChecked} />;
}
