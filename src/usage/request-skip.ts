/**
 * Where a filtered list of requests goes on, once it has looked through so many events in vain: running totals have a row for
 * each quarter of an hour in which a project, a key, a model... was used, so whatever lies between two such quarters is
 * skipped. Without that, the one request of a seldom used key would be a thousand empty pages away.
 */
import { HOUR_MS } from '../limits.ts';
import { QUARTER_MS, type SeriesKind } from './measures.ts';
import type { Place, RequestFilter, Seen } from './requests.ts';

/** The series of what is filtered by. */
const SERIES_OF = {
  projectId: 'project',
  keyId: 'apiKey',
  memberId: 'member',
  model: 'model',
  mapping: 'mapping',
  provider: 'provider',
  app: 'app',
} as const satisfies Partial<Record<keyof RequestFilter, SeriesKind>>;

/** Events that arrive so much later than they were settled are waited for: till then nothing is skipped. */
const LATE_MS = HOUR_MS;

/** The first place at `place` or behind it at which something wanted can be; null: there is nothing. */
export async function skipped(
  session: D1DatabaseSession,
  organizationId: string,
  seen: Seen | null,
  filter: RequestFilter,
  place: Place,
): Promise<Place | null> {
  const wanted = Object.entries(SERIES_OF).flatMap(([field, kind]) => {
    const value = filter[field as keyof typeof SERIES_OF];
    return value === undefined ? [] : [[kind, value]];
  });
  if (seen) wanted.push(['member', seen.memberId]);
  if (wanted.length === 0) return place;
  const values: (string | number)[] = [organizationId, place.settledAtMs];
  const series = (kind: string, value: string) =>
    `(SELECT id FROM usage_series WHERE organization_id = ?1 AND kind = '${kind}' AND value = ?${values.push(value)})`;
  const [[kind, value] = ['', ''], ...others] = wanted as [string, string][];
  const row = await session
    .prepare(
      `SELECT
         (SELECT rolled_up_to FROM rollup_watermark) AS rolledUpTo,
         (SELECT min(bucket_at) FROM usage_totals WHERE series_id = ${series('organization', '')}) AS first,
         (SELECT max(bucket_at)
          FROM usage_totals AS one
          WHERE one.series_id = ${series(kind, value)}
            AND one.bucket_at <= ?2
            ${others
              .map(([also, of]) => {
                const its = `other.series_id = ${series(also, of)}`;
                return `AND EXISTS (SELECT 1 FROM usage_totals AS other WHERE ${its} AND other.bucket_at = one.bucket_at)`;
              })
              .join('\n            ')}
         ) AS newest`,
    )
    .bind(...values)
    .first<{ rolledUpTo: number | null; first: number | null; newest: number | null }>();
  if (!row || row.first === null) return place;
  // What is so young may not be rolled up, and what is older than the first total never was.
  if (place.settledAtMs >= (row.rolledUpTo ?? 0) - LATE_MS || place.settledAtMs < row.first) return place;
  const until = row.newest === null ? row.first : row.newest + QUARTER_MS;
  return until > place.settledAtMs ? place : { settledAtMs: until, seq: 0 };
}
