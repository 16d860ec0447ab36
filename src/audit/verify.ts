/** Whether an organization's audit log still is what was written: every entry against the chain, the chain against its anchor. */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../limits.ts';
import { auditAnchor } from '../objects.ts';
import { count, instant, like } from '../reference/fields.ts';
import { ApiError } from '../teams/api-error.ts';
import { type Anchored, firstFlaw } from './anchor.ts';
import { ChainCheck, FLAW_KINDS, type Flaw } from './chain.ts';
import { PAST_THE_LAST, readEntries, readNewest } from './entries.ts';
import type { Restoration } from './restoration.ts';

export const HASH = like('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'SHA-256, hex');

const Head = z.object({ n: count(42), hash: HASH });

/** The anchor's own, with the words for it. */
const RestorationTold = z.object({
  at: instant(),
  entry: count(43, 'The entry that tells it'),
  restoredTo: like('2026-11-20T09:30:00.000Z'),
  anchoredHead: Head.openapi({ description: 'What had been anchored, and is not in the log any more' }),
  head: Head.openapi({ description: 'What the log had come to when that was told' }),
  firstLost: count(40),
  entriesLost: count(3),
  message: like('The database was restored.'),
});

export const Verdict = z
  .object({
    ok: z.boolean(),
    checked: count(42, 'How many entries were found good, from the oldest on'),
    head: Head.openapi({ description: 'The last of those; where nothing is wrong it is the newest' }),
    anchoredHead: Head,
    beginning: Head.openapi({ description: 'The last entry that was pruned; number 0 where none was' }),
    firstBad: z
      .object({ n: count(17), kind: z.enum(FLAW_KINDS), message: like('Entry 17 was edited.') })
      .nullable()
      .openapi({ example: null }),
    restorations: z.array(RestorationTold).openapi({
      description: 'Where D1 was restored to an earlier time, and what the log has lacked since',
      example: [],
    }),
  })
  .openapi('AuditVerdict');

export type Verdict = z.infer<typeof Verdict>;

/** Throws a 503 where the anchor cannot be asked, and a 400 where the log is too long to be verified while somebody waits. */
export async function verifyLog(env: Env, organizationId: string): Promise<Verdict> {
  let anchored = await readAnchor(env, organizationId);
  for (;;) {
    const verdict = await verify(env.DB, organizationId, anchored);
    if (verdict.ok) return verdict;
    // Entries may have been pruned while we read: then they are missed only if they are missed from the new beginning too.
    const now = await readAnchor(env, organizationId);
    if (now.beginning.n === anchored.beginning.n) return verdict;
    anchored = now;
  }
}

async function readAnchor(env: Env, organizationId: string): Promise<Anchored> {
  try {
    return await auditAnchor(env, organizationId, (object) => object.view({ organizationId }));
  } catch (error) {
    console.warn(JSON.stringify({ event: 'audit_anchor_failed', organizationId, error: String(error) }));
    throw new ApiError(
      503,
      'audit_anchor_unavailable',
      'The anchor of the log does not answer. Try again in a moment.',
    );
  }
}

async function verify(
  db: D1Database,
  organizationId: string,
  // An anchor that was deployed before there were restorations tells none.
  { beginning, head, restorations = [] }: Anchored,
): Promise<Verdict> {
  const entries = (await readNewest(db, organizationId)).n - beginning.n;
  if (entries > LIMITS.auditVerifyEntriesMax) {
    const message = `The log has ${entries} entries; at most ${LIMITS.auditVerifyEntriesMax} can be verified here. Export it as jsonl and run npm run audit:verify.`;
    throw new ApiError(400, 'invalid_request_error', message);
  }
  const check = new ChainCheck(beginning, head);
  let firstBad: Flaw | null = null;
  for (let more = true; more && !firstBad; ) {
    const page = await readEntries(db, organizationId, {
      after: check.head.n,
      before: PAST_THE_LAST,
      order: 'oldest first',
      limit: LIMITS.auditPageRows,
    });
    firstBad = firstFlaw(check, page);
    more = page.length === LIMITS.auditPageRows;
  }
  firstBad ??= check.end();
  return {
    ok: firstBad === null,
    checked: check.head.n - beginning.n,
    head: check.head,
    anchoredHead: head,
    beginning,
    firstBad,
    restorations: restorations.map((one) => ({ ...one, message: describe(one) })),
  };
}

function describe({ restoredTo, entriesLost, firstLost, at }: Restoration): string {
  const last = firstLost + entriesLost - 1;
  const which = entriesLost === 1 ? `entry ${firstLost} was` : `${entriesLost} entries (${firstLost} to ${last}) were`;
  return `D1 was restored to ${restoredTo}, as told at ${at}: ${which} lost.`;
}
