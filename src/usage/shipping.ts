/**
 * Shipping: a member's usage events travel from its object to D1, exactly once.
 *
 * A batch is events n1..n2 of one member and one D1 transaction. Its guard is inside the SQL: D1's ledger row of that
 * member says how far it has got, so a late, repeated or superseded batch adds nothing, and a batch that would leave a
 * gap adds nothing either. The caller deletes its rows only after the answer. The member's status travels along,
 * and is marked as news for whoever warns of budgets.
 */
import type { ScopeStatus } from '../budgets/protocol.ts';
import type { UsageEvent } from '../budgets/usage-event.ts';

/** A member's budget as its object saw it when it shipped: what lists of members show without asking each object. */
export interface ShippedStatus {
  atMs: number;
  status: ScopeStatus;
}

const ENSURE_LEDGER = `
  INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved)
  VALUES (?1, ?2, 0, 0, 0, 0, 0)
  ON CONFLICT DO NOTHING`;

/** ?1 the events as a JSON array, ?2 the member, ?3 the organization, ?4 n1. Nothing is inserted where n1 would leave a gap. */
const INSERT_EVENTS = `
  INSERT INTO usage_events (
    organization_id, member_id, n, attempt_id, request_id, project_id, key_id, endpoint, mapping, canonical_model,
    provider, app, outcome, refusal, requests, opened_at, settled_at, input_tokens, cached_tokens, output_tokens,
    reasoning_tokens, cost, input_cost, output_cost, overrun, unresolved, price_version, estimated, streamed,
    latency_ms, first_token_ms
  )
  SELECT
    ?3, ?2, value ->> 'n', value ->> 'attemptId', value ->> 'requestId', value ->> 'projectId', value ->> 'keyId',
    value ->> 'endpoint', value ->> 'mapping', value ->> 'canonicalModel', value ->> 'provider', value ->> 'app',
    value ->> 'outcome', value ->> 'refusal', value ->> 'requests', value ->> 'openedAtMs', value ->> 'settledAtMs',
    value ->> 'inputTokens', value ->> 'cachedTokens', value ->> 'outputTokens', value ->> 'reasoningTokens',
    value ->> 'costNanos', value ->> 'inputCostNanos', value ->> 'outputCostNanos', value ->> 'overrunNanos',
    value ->> 'unresolvedNanos', value ->> 'priceVersion', value ->> 'estimated', value ->> 'streamed',
    value ->> 'latencyMs', value ->> 'firstTokenMs'
  FROM json_each(?1)
  WHERE value ->> 'n' > (SELECT shipped FROM member_ledgers WHERE member_id = ?2)
    AND CAST(?4 AS INTEGER) <= (SELECT shipped FROM member_ledgers WHERE member_id = ?2) + 1
  ORDER BY value ->> 'n'`;

/** The sums of the same events, by the same guard; moving `shipped` in the same statement ends the guard. */
const ADD_TO_LEDGER = `
  UPDATE member_ledgers
  SET
    cost = member_ledgers.cost + added.cost,
    requests = member_ledgers.requests + added.requests,
    overrun = member_ledgers.overrun + added.overrun,
    unresolved = member_ledgers.unresolved + added.unresolved,
    shipped = added.newest,
    status = coalesce(?4, member_ledgers.status),
    status_is_news = max(member_ledgers.status_is_news, ?4 IS NOT NULL)
  FROM (
    SELECT
      coalesce(sum(value ->> 'costNanos'), 0) AS cost,
      coalesce(sum(value ->> 'requests'), 0) AS requests,
      coalesce(sum(value ->> 'overrunNanos'), 0) AS overrun,
      coalesce(sum(value ->> 'unresolvedNanos'), 0) AS unresolved,
      max(value ->> 'n') AS newest
    FROM json_each(?1)
    WHERE value ->> 'n' > (SELECT shipped FROM member_ledgers WHERE member_id = ?2)
  ) AS added
  WHERE member_ledgers.member_id = ?2
    AND added.newest > member_ledgers.shipped
    AND CAST(?3 AS INTEGER) <= member_ledgers.shipped + 1`;

/** Only ever later, so a repeated batch changes nothing: one write for each key of a batch, not one for each request. */
const TELL_KEYS = `
  UPDATE api_keys
  SET last_used_at = used.at
  FROM (
    SELECT value ->> 'keyId' AS key_id, max(value ->> 'openedAtMs') AS at
    FROM json_each(?1)
    GROUP BY value ->> 'keyId'
  ) AS used
  WHERE api_keys.id = used.key_id AND api_keys.member_id = ?2 AND used.at > coalesce(api_keys.last_used_at, 0)`;

const READ_SHIPPED = 'SELECT shipped FROM member_ledgers WHERE member_id = ?1';

/**
 * Adds the member's events to D1. Returns once D1 has all of them, by this or an earlier call.
 * Throws where D1 does not answer, or where it is missing an event before the first of these.
 */
export async function shipEvents(
  db: D1Database,
  member: { memberId: string; organizationId: string },
  events: readonly UsageEvent[],
  status: ShippedStatus | null = null,
): Promise<void> {
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return;
  if (last.n - first.n + 1 !== events.length) {
    throw new Error(`events of ${member.memberId} from ${first.n} to ${last.n} are ${events.length}: one is missing`);
  }
  const json = JSON.stringify(events);
  const results = await db.batch<{ shipped: number }>([
    db.prepare(ENSURE_LEDGER).bind(member.memberId, member.organizationId),
    db.prepare(INSERT_EVENTS).bind(json, member.memberId, member.organizationId, first.n),
    db.prepare(ADD_TO_LEDGER).bind(json, member.memberId, first.n, status && JSON.stringify(status)),
    db.prepare(TELL_KEYS).bind(json, member.memberId),
    db.prepare(READ_SHIPPED).bind(member.memberId),
  ]);
  const shipped = results.at(-1)?.results[0]?.shipped ?? 0;
  if (shipped < last.n) {
    throw new Error(`D1 has events of ${member.memberId} up to ${shipped}, cannot take ${first.n} to ${last.n}`);
  }
}
