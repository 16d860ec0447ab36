/** One attempt at a provider: who, what, how long, and what each part of it cost; or what refused it. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AttemptedRequest, RefusedRequest, Request } from '../../../../client/index.ts';
import { nanosOf } from '../../parts/amounts.ts';
import { Moment } from '../../parts/dates.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCount, formatMs } from '../../parts/numbers.ts';
import { Scrolls } from '../../parts/scrolls.tsx';
import { useHere } from '../../shell/session.ts';

type Attempted = Request['attempts'][number];
type Part = NonNullable<Attempted['costParts']>[number];

export function Attempt({ attempt }: { attempt: Attempted }) {
  const { outcome, refused, refusal, costParts, costPartsUnknown } = attempt;
  return (
    <div className="flex flex-col gap-5">
      {outcome === 'refused' ? (
        <Why refused={refused} refusal={refusal} />
      ) : costParts === null ? (
        <Banner title="What it cost by part is not known" description={costPartsUnknown ?? ''} />
      ) : (
        costParts.length > 0 && <Parts parts={costParts} total={attempt.cost} />
      )}
      <Facts attempt={attempt} />
    </div>
  );
}

const UNITS: Record<Part['unit'], string> = {
  input: 'Input tokens',
  cachedInput: 'Cached input tokens',
  output: 'Output tokens',
  reasoning: 'Reasoning tokens',
  request: 'The request itself',
  rounding: 'Rounded up, once',
};

function Parts({ parts, total }: { parts: Part[]; total: string }) {
  return (
    <Scrolls label="Cost by part">
      <table className="w-full text-left text-sm text-kumo-default">
        <caption className="sr-only">Cost by part</caption>
        <thead className="border-b border-kumo-hairline text-kumo-subtle">
          <tr>
            <th scope="col" className="px-4 py-2 font-medium">
              Part
            </th>
            <th scope="col" className="px-4 py-2 text-right font-medium">
              Count
            </th>
            <th scope="col" className="px-4 py-2 text-right font-medium">
              Per million
            </th>
            <th scope="col" className="px-4 py-2 text-right font-medium">
              Cost
            </th>
          </tr>
        </thead>
        <tbody className="tabular-nums">
          {parts.map(({ unit, count, pricePerMillion, cost }) => (
            <tr key={unit} className="border-b border-kumo-hairline">
              <td className="px-4 py-2">{UNITS[unit]}</td>
              <td className="px-4 py-2 text-right">{unit === 'rounding' ? '' : formatCount(count)}</td>
              <td className="px-4 py-2 text-right">
                <Money amount={pricePerMillion} none="" />
              </td>
              <td className="px-4 py-2 text-right">
                <Exact amount={cost} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={3} className="px-4 py-2 font-semibold">
              Total
            </th>
            <td className="px-4 py-2 text-right font-semibold tabular-nums">
              <Exact amount={total} />
            </td>
          </tr>
        </tfoot>
      </table>
    </Scrolls>
  );
}

/** To the last digit: what is shown is to add up by hand. */
function Exact({ amount }: { amount: string }) {
  return <data value={amount}>${amount}</data>;
}

function Why({ refused, refusal }: { refused: RefusedRequest[]; refusal: string | null }) {
  if (refused.length === 0) {
    return <p className="text-kumo-default">Refused: {refusal ?? 'why is not kept any more'}.</p>;
  }
  return (
    <ul className="flex flex-col gap-4">
      {refused.map(({ requestId, at, code, message, metadata }) => (
        <li key={`${requestId} ${at}`} className="flex flex-col gap-2 rounded-lg bg-kumo-recessed p-4">
          <p className="font-medium text-kumo-default">{message}</p>
          <p className="text-sm text-kumo-subtle">
            <code>{code}</code>, <Moment at={at} as="date" />
          </p>
          <Amounts metadata={metadata} />
        </li>
      ))}
    </ul>
  );
}

const SCOPES: Record<string, string> = {
  member_total: 'the member’s total',
  member_period: 'the member’s period',
  api_key_total: 'the key’s total',
  api_key_period: 'the key’s period',
  wallet: 'the organization’s credit',
};

const AMOUNTS = { limit: 'Limit', spent: 'Spent', held: 'Held', remaining: 'Remaining' };

/** Which limit it was and how it stood, as its caller was told. */
function Amounts({ metadata }: { metadata: Record<string, unknown> }) {
  const { scope, resetsAt } = metadata;
  const facts: [string, ReactNode][] = [];
  if (typeof scope === 'string') facts.push(['What refused it', SCOPES[scope] ?? scope]);
  for (const [name, label] of Object.entries(AMOUNTS)) {
    const amount = metadata[name];
    if (typeof amount === 'string') facts.push([label, <Money key={name} amount={amount} />]);
  }
  if (typeof resetsAt === 'string') facts.push(['Resets', <Moment key="resets" at={resetsAt} as="date" />]);
  return facts.length > 0 && <List facts={facts} />;
}

function Facts({ attempt }: { attempt: AttemptedRequest }) {
  const { organizationId: orgId, may } = useHere();
  const { apiKey, project, member, overrun, unresolved } = attempt;
  const facts: [string, ReactNode][] = [
    ['Model', attempt.mapping],
    ['Endpoint', attempt.endpoint],
    ['App', attempt.app],
    ['Member', member.name ?? member.id],
    [
      'Project',
      may('analytics.projects') ? (
        <Link
          key="project"
          to="/orgs/$orgId/projects/$projectId"
          params={{ orgId, projectId: project.id }}
          className="hover:underline"
        >
          {project.name ?? project.id}
        </Link>
      ) : (
        (project.name ?? project.id)
      ),
    ],
    [
      'API key',
      may('keys.own') ? (
        <Link key="key" to="/orgs/$orgId/keys/$keyId" params={{ orgId, keyId: apiKey.id }} className="hover:underline">
          {apiKey.name ?? apiKey.id}
        </Link>
      ) : (
        (apiKey.name ?? apiKey.id)
      ),
    ],
  ];
  if (attempt.outcome !== 'refused') {
    facts.push(
      ['Tokens in', `${formatCount(attempt.inputTokens)}, ${formatCount(attempt.cachedTokens)} of them cached`],
      ['Tokens out', `${formatCount(attempt.outputTokens)}, ${formatCount(attempt.reasoningTokens)} of them reasoning`],
      ['First token after', formatMs(attempt.firstTokenMs)],
      ['Took', formatMs(attempt.latencyMs)],
      ['Streamed', attempt.streamed ? 'yes' : 'no'],
      ['Price', attempt.priceVersion],
      ['Counted by', attempt.estimated ? 'an estimate, not the provider’s own count' : 'the provider'],
      ['Paid with', attempt.providerKeyId ? 'the organization’s own provider key' : 'Purser’s provider key'],
    );
    if (nanosOf(overrun) !== 0n) facts.push(['Overrun', <Money key="overrun" amount={overrun} />]);
    if (nanosOf(unresolved) !== 0n) facts.push(['Unresolved', <Money key="unresolved" amount={unresolved} />]);
  }
  return <List facts={facts} />;
}

function List({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1.5 text-sm lg:grid-cols-[auto_minmax(0,1fr)_auto_minmax(0,1fr)]">
      {facts.map(([name, fact]) => (
        <div key={name} className="contents">
          <dt className="text-kumo-subtle">{name}</dt>
          <dd className="break-words text-kumo-default">{fact}</dd>
        </div>
      ))}
    </dl>
  );
}
