/** The plan and its seats: what each plan has, changing it, and buying seats for exactly the price that is shown first. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { PLAN_AUDIT_DAYS, PLAN_KEYS_MAX, PLAN_NAMES, PLAN_PRICE_USD, PLAN_SEATS, PLANS } from '../../../teams/roles.ts';
import { shortMoney } from '../../parts/amounts.ts';
import { Confirm } from '../../parts/dialog.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { Section } from '../../parts/page.tsx';
import { asking, forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { SeatsSection } from './seats.tsx';

type Plan = (typeof PLANS)[number];

export default function PlanAndSeats() {
  const here = useHere();
  const [wanted, setWanted] = useState<Plan | null>(null);
  return (
    <div className="flex flex-col gap-6">
      <Section title="Plan">
        <ul className="grid gap-4 md:grid-cols-3">
          {PLANS.map((plan) => (
            <li key={plan} className="flex flex-col gap-3 rounded-lg p-4 ring ring-kumo-hairline">
              <div className="flex items-center justify-between gap-2">
                <h3 className="font-semibold text-kumo-default">{PLAN_NAMES[plan]}</h3>
                {plan === here.plan && <Badge variant="success">Your plan</Badge>}
              </div>
              <p className="text-kumo-default">{priceOf(plan)}</p>
              <ul className="flex flex-1 list-disc flex-col gap-1 pl-4 text-sm text-kumo-subtle">
                {factsOf(plan).map((fact) => (
                  <li key={fact}>{fact}</li>
                ))}
              </ul>
              {plan !== here.plan &&
                here.may('billing.write') &&
                plan !== 'enterprise' &&
                here.plan !== 'enterprise' && (
                  <Button onClick={() => setWanted(plan)}>Change to {PLAN_NAMES[plan]}</Button>
                )}
              {plan === 'enterprise' && (
                <p className="text-sm text-kumo-subtle">By contract: whoever runs this Purser sets it.</p>
              )}
            </li>
          ))}
        </ul>
      </Section>
      {here.kind === 'team' && <SeatsSection />}
      {wanted && <ChangePlan wanted={wanted} close={() => setWanted(null)} />}
    </div>
  );
}

function priceOf(plan: Plan): string {
  const price = PLAN_PRICE_USD[plan];
  if (price !== null) return `${shortMoney(price)} a month`;
  return plan === 'free' ? 'No price' : 'By contract';
}

function factsOf(plan: Plan): string[] {
  const { included, priceUsd } = PLAN_SEATS[plan];
  const more = priceUsd === null ? 'no more' : `more at ${shortMoney(priceUsd)} a month each`;
  return [
    included === null ? 'Seats by contract' : `${included} seats, ${more}`,
    `${formatCount(PLAN_KEYS_MAX[plan])} active API keys`,
    'Budgets, own usage, project and key analytics, invoices',
    `Audit log of ${formatCount(PLAN_AUDIT_DAYS[plan])} days${plan === 'enterprise' ? ', with export' : ''}`,
    ...(plan === 'enterprise'
      ? ['Organization and member analytics', 'Developers see only the projects they are granted']
      : []),
  ];
}

function ChangePlan({ wanted, close }: { wanted: Plan; close: () => void }) {
  const { organizationId: orgId, plan } = useHere();
  const seats = useQuery(asking('GET /orgs/{orgId}/seats', { path: { orgId } }));
  const isSmaller = PLAN_PRICE_USD[wanted] === null;
  const over = seats.data ? seats.data.used + seats.data.pending - (PLAN_SEATS[wanted].included ?? 0) : 0;
  const act = async () => {
    const { url, endsAt } = await purser.call('POST /orgs/{orgId}/plan', { path: { orgId }, body: { plan: wanted } });
    if (url) return location.assign(url);
    const end = endsAt && new Date(endsAt).toLocaleDateString(navigator.language, { dateStyle: 'medium' });
    toast.done(end ? `${PLAN_NAMES[plan]} ends on ${end}.` : `The plan is ${PLAN_NAMES[wanted]}.`);
    await forget('GET /me', 'GET /orgs/{orgId}/seats');
  };
  return (
    <Confirm
      title={`Change to ${PLAN_NAMES[wanted]}?`}
      consequence={
        isSmaller
          ? `${PLAN_NAMES[plan]} stays until the month that is paid for ends. Then there are ${PLAN_SEATS[wanted].included} seats and ${PLAN_KEYS_MAX[wanted]} active API keys.${over > 0 ? ` ${over} of your seats are past that: nobody is removed, but nobody can be invited.` : ''}`
          : `It costs ${priceOf(wanted)}, before taxes, and begins once it is paid for. You are led to the payment next.`
      }
      deed={`Change to ${PLAN_NAMES[wanted]}`}
      destructive={isSmaller}
      act={act}
      close={close}
    />
  );
}
