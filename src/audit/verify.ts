/** Whether an organization's audit log still is what was written: every entry against the chain, the chain against its anchor. */
import { LIMITS } from '../limits.ts';
import { auditAnchor } from '../objects.ts';
import { ApiError } from '../teams/api-error.ts';
import { type Anchored, firstFlaw } from './anchor.ts';
import { ChainCheck, type Flaw, type Head } from './chain.ts';
import { PAST_THE_LAST, readEntries, readNewest } from './entries.ts';
import type { Restoration } from './restoration.ts';

export interface Verdict {
  ok: boolean;
  /** How many entries were found good, from the oldest on. */
  checked: number;
  /** The last of those; where nothing is wrong it is the newest. */
  head: Head;
  anchoredHead: Head;
  /** The last entry that was pruned; number 0 where none was. */
  beginning: Head;
  firstBad: Flaw | null;
  /** Where D1 was restored to an earlier time, and what the log has lacked since: told by the anchor, whatever D1 says. */
  restorations: (Restoration & { message: string })[];
}

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
