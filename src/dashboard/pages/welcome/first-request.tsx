/** Watches a key until its first request has come, then tells of it: what it asked, what it cost, or what refused it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ApiKey } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { Fact } from '../../parts/fact.tsx';
import { Money } from '../../parts/money.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

/** Often enough to look like at once. */
const EVERY_MS = 2_000;

/** The key, asked for again and again until it was used. */
export function useWatched(keyId: string | undefined) {
  const { organizationId: orgId } = useHere();
  return useQuery({
    ...asking('GET /orgs/{orgId}/keys/{keyId}', { path: { orgId, keyId: keyId ?? '' } }),
    enabled: keyId !== undefined,
    refetchInterval: ({ state }) => (state.error || state.data?.lastUsedAt ? false : EVERY_MS),
  });
}

export function FirstRequest({ apiKey }: { apiKey: ApiKey | undefined }) {
  const { organizationId: orgId } = useHere();
  const wasUsed = apiKey?.lastUsedAt != null;
  const requests = useQuery({
    ...asking('GET /orgs/{orgId}/requests', { path: { orgId }, query: { apiKeyId: apiKey?.id ?? '', limit: 1 } }),
    enabled: wasUsed,
    refetchInterval: ({ state }) =>
      typeof state.data === 'object' && state.data.requests.length > 0 ? false : EVERY_MS,
  });
  const first = typeof requests.data === 'object' ? requests.data.requests[0] : undefined;
  if (!apiKey) return <p className="text-kumo-subtle">It shows here as soon as the key is used.</p>;
  if (!wasUsed) {
    return (
      <p role="status" className="flex items-center gap-3 text-kumo-default">
        <span
          aria-hidden="true"
          className="size-2.5 animate-pulse rounded-full bg-kumo-brand motion-reduce:animate-none"
        />
        Waiting for the first request of {apiKey.name}…
      </p>
    );
  }
  return (
    <div role="status" className="flex flex-col gap-3">
      <p className="text-kumo-default">
        {first?.outcome === 'refused' ? (
          <>It arrived, and was refused: {(first.refusal ?? 'unknown').replaceAll('_', ' ')}.</>
        ) : (
          <>
            It arrived <Moment at={apiKey.lastUsedAt} />.
          </>
        )}
      </p>
      {first ? (
        <dl className="flex flex-wrap gap-x-6 gap-y-2 text-sm">
          <Fact name="Model">{first.mapping || first.model}</Fact>
          <Fact name="Tokens">
            {formatCount(first.inputTokens)} in, {formatCount(first.outputTokens)} out
          </Fact>
          <Fact name="Cost">
            <Money amount={first.cost} />
          </Fact>
          <Fact name="App">{first.app}</Fact>
        </dl>
      ) : (
        <p className="text-sm text-kumo-subtle">Its cost is here within some seconds.</p>
      )}
      <p className="flex flex-wrap gap-x-4 gap-y-1">
        <Link to="/orgs/$orgId" params={{ orgId }} className="text-kumo-link underline">
          See what you have left
        </Link>
        <Link to="/orgs/$orgId/keys/$keyId" params={{ orgId, keyId: apiKey.id }} className="text-kumo-link underline">
          Statistics of this key
        </Link>
      </p>
    </div>
  );
}
