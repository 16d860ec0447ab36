/**
 * How one member's budget was set, newest first (extras that were granted are told by budget-requests). Read from
 * the audit log, so it reaches as far back as the plan keeps that. Who may not see other members learns what changed, not by whom.
 */
import { z } from '@hono/zod-openapi';
import { PAST_THE_LAST, readEntries } from '../audit/entries.ts';
import { actorNames } from '../audit/names.ts';
import { count, instant, like, orNull } from '../reference/fields.ts';
import type { Page } from './page.ts';

const Told = z.record(z.string(), z.unknown()).nullable();

export const BudgetDecision = z
  .object({
    n: count(42, 'Its place in the audit log'),
    at: instant(),
    action: like('member.budget.updated'),
    by: orNull(
      z.object({
        kind: like('user'),
        id: like('usr_0123456789abcdef').nullable(),
        name: like('Ada Lovelace').nullable().openapi({ description: 'As they are called now' }),
      }),
    ).openapi({ description: 'Null for who may not see other members' }),
    before: Told.openapi({ example: { usageLimit: '50' }, description: 'The fields that changed' }),
    after: Told.openapi({ example: { usageLimit: '100' } }),
  })
  .openapi('BudgetDecision');

/** `seesOthers`: whether the reader may know who decided. */
export async function readBudgetHistory(
  db: D1Database,
  organizationId: string,
  memberId: string,
  { limit, cursor }: Pick<Page, 'limit' | 'cursor'>,
  seesOthers: boolean,
): Promise<{ history: z.infer<typeof BudgetDecision>[]; nextCursor: string | null }> {
  const before = cursor === undefined ? PAST_THE_LAST : Number(cursor);
  const range = { after: 0, before, order: 'newest first', limit: limit + 1 } as const;
  const found = await readEntries(db, organizationId, range, { action: 'member.budget.', targetId: memberId });
  const entries = found.slice(0, limit);
  const names = seesOthers ? await actorNames(db, entries) : new Map<string, string>();
  const history = entries.map(({ n, at, action, actor, before, after }) => ({
    n,
    at,
    action,
    by: seesOthers ? { kind: actor.kind, id: actor.id, name: names.get(actor.id ?? '') ?? null } : null,
    before,
    after,
  }));
  return { history, nextCursor: found.length > limit ? String(entries.at(-1)?.n) : null };
}
