/** Who invoices are made out to. A document keeps what it said when it was made. */
import { Textarea } from '@cloudflare/kumo/components/input';
import { useQuery } from '@tanstack/react-query';
import type { BillingDetails as Details } from '../../../../client/index.ts';
import { Form, SubmitButton, TextField, useFieldError, useSubmit } from '../../parts/form.tsx';
import { Section } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export default function BillingDetails() {
  const here = useHere();
  const path = { orgId: here.organizationId };
  const organization = useQuery(asking('GET /orgs/{orgId}', { path }));
  return (
    <Section title="Billing details">
      <Answered query={organization} skeleton={<Bone className="h-80 w-full max-w-xl" />}>
        {({ billingDetails }) =>
          here.may('billing.write') ? (
            <DetailsForm path={path} details={billingDetails ?? null} />
          ) : (
            <Facts details={billingDetails ?? null} name={here.name} />
          )
        }
      </Answered>
    </Section>
  );
}

function DetailsForm({ path, details }: { path: { orgId: string }; details: Details }) {
  const submit = useSubmit(
    (typed) =>
      purser.call('PATCH /orgs/{orgId}', {
        path,
        body: {
          billingDetails: {
            name: typed.text('billingDetails.name'),
            email: typed.text('billingDetails.email'),
            address: typed.text('billingDetails.address'),
            country: typed.text('billingDetails.country'),
            taxId: typed.text('billingDetails.taxId'),
          },
        },
      }),
    {
      done: async () => {
        toast.done('Saved. The next invoice says so.');
        await forget('GET /orgs/{orgId}');
      },
    },
  );
  return (
    <Form submit={submit} className="flex max-w-xl flex-col gap-4">
      <TextField
        name="billingDetails.name"
        label="Name on invoices"
        autoComplete="organization"
        defaultValue={details?.name}
        placeholder="The organization’s"
      />
      <TextField
        name="billingDetails.email"
        label="E-mail for invoices"
        type="email"
        autoComplete="email"
        defaultValue={details?.email}
        description="Without one, owners and finance admins are mailed."
      />
      <AddressField details={details} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          name="billingDetails.country"
          label="Country"
          autoComplete="country-name"
          defaultValue={details?.country}
        />
        <TextField name="billingDetails.taxId" label="Tax id" autoComplete="off" defaultValue={details?.taxId} />
      </div>
      <p className="text-sm text-kumo-subtle">Documents that are there already stay as they are.</p>
      <div>
        <SubmitButton>Save billing details</SubmitButton>
      </div>
    </Form>
  );
}

function AddressField({ details }: { details: Details }) {
  const name = 'billingDetails.address';
  const error = useFieldError(name);
  return (
    <Textarea
      name={name}
      label="Address"
      autoComplete="street-address"
      rows={3}
      className="w-full"
      defaultValue={details?.address}
      {...(error && { error })}
    />
  );
}

function Facts({ details, name }: { details: Details; name: string }) {
  const facts = [
    ['Name on invoices', details?.name || name],
    ['E-mail for invoices', details?.email || 'owners and finance admins'],
    ['Address', details?.address || 'none'],
    ['Country', details?.country || 'none'],
    ['Tax id', details?.taxId || 'none'],
  ] as const;
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
      {facts.map(([label, fact]) => (
        <div key={label} className="contents">
          <dt className="text-kumo-subtle">{label}</dt>
          <dd className="whitespace-pre-line text-kumo-default">{fact}</dd>
        </div>
      ))}
    </dl>
  );
}
