/** Where a project's requests go among a model's providers: shown to who sees the project, changed by owners and admins. */
import { useQuery } from '@tanstack/react-query';
import type { Routing } from '../../../../client/index.ts';
import { Form, MoneyField, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Section } from '../../parts/page.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export function ProjectRouting({ projectId }: { projectId: string }) {
  const here = useHere();
  const path = { orgId: here.organizationId, projectId };
  const routing = useQuery(asking('GET /orgs/{orgId}/projects/{projectId}/routing', { path }));
  return (
    <Section title="Routing">
      <Answered query={routing} skeleton={<Bone className="h-48 w-full" />}>
        {(shown) =>
          // Anew with each version, so that the fields say what is in force.
          here.may('projects.write') ? (
            <RoutingForm key={shown.version} path={path} routing={shown} />
          ) : (
            <RoutingFacts routing={shown} />
          )
        }
      </Answered>
    </Section>
  );
}

const words = (list: readonly string[] | null) => list?.join(', ') ?? '';

const listed = (text: string | null) =>
  (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

function RoutingForm({ path, routing }: { path: { orgId: string; projectId: string }; routing: Routing }) {
  const submit = useSubmit(
    (typed) =>
      purser.call('PUT /orgs/{orgId}/projects/{projectId}/routing', {
        path,
        body: {
          order: listed(typed.optional('order')),
          region: typed.optional('region'),
          allow: typed.optional('allow') === null ? null : listed(typed.optional('allow')),
          deny: listed(typed.optional('deny')),
          fallbackModels: listed(typed.optional('fallbackModels')),
          maxCostPerRequest: typed.optional('maxCostPerRequest'),
          maxInputPrice: typed.optional('maxInputPrice'),
          maxOutputPrice: typed.optional('maxOutputPrice'),
          version: routing.version,
        },
      }),
    {
      done: async ({ pending }) => {
        toast.done(pending > 0 ? `Saved. It reaches ${pending} more members within minutes.` : 'Saved.');
        await forget('GET /orgs/{orgId}/projects/{projectId}/routing');
      },
    },
  );
  return (
    <Form submit={submit} className="flex max-w-2xl flex-col gap-4">
      <TextField
        name="order"
        label="Providers in this order"
        placeholder="As Purser chooses"
        defaultValue={words(routing.order)}
        description="Ids of providers, with commas between them."
      />
      <TextField name="allow" label="Only these providers" placeholder="All" defaultValue={words(routing.allow)} />
      <TextField name="deny" label="Never these providers" placeholder="None" defaultValue={words(routing.deny)} />
      <TextField name="region" label="Region" placeholder="Any" defaultValue={routing.region ?? ''} />
      <TextField
        name="fallbackModels"
        label="Models to fall back to"
        placeholder="None"
        defaultValue={words(routing.fallbackModels)}
      />
      <div className="grid items-end gap-4 sm:grid-cols-3">
        <MoneyField
          name="maxCostPerRequest"
          label="Most for a request, in USD"
          defaultValue={routing.maxCostPerRequest ?? ''}
        />
        <MoneyField
          name="maxInputPrice"
          label="Most per million tokens in"
          defaultValue={routing.maxInputPrice ?? ''}
        />
        <MoneyField
          name="maxOutputPrice"
          label="Most per million tokens out"
          defaultValue={routing.maxOutputPrice ?? ''}
        />
      </div>
      <div>
        <SubmitButton>Save routing</SubmitButton>
      </div>
    </Form>
  );
}

function RoutingFacts({ routing }: { routing: Routing }) {
  const facts = [
    ['Providers in this order', words(routing.order) || 'as Purser chooses'],
    ['Only these providers', words(routing.allow) || 'all'],
    ['Never these providers', words(routing.deny) || 'none'],
    ['Region', routing.region ?? 'any'],
    ['Models to fall back to', words(routing.fallbackModels) || 'none'],
  ];
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
      {facts.map(([name, fact]) => (
        <div key={name} className="contents">
          <dt className="text-kumo-subtle">{name}</dt>
          <dd className="text-kumo-default">{fact}</dd>
        </div>
      ))}
    </dl>
  );
}
