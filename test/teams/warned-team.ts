/** A team for tests of warnings: its mail is kept, and its members' objects ship what a test says, at a clock of its own. */
import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { limitsAt } from '../../src/budgets/policy.ts';
import type { LimitStatus } from '../../src/budgets/protocol.ts';
import type { Mail } from '../../src/mail/mail.ts';
import { nanos } from '../../src/money/nanos.ts';
import { storedKeyLimits } from '../../src/teams/budget-body.ts';
import { warnOfBudgets } from '../../src/teams/budget-warnings.ts';
import { effectiveBudget, enforcedOfKey } from '../../src/teams/effective-budget.ts';
import { findMember } from '../../src/teams/members.ts';
import { restated } from '../../src/teams/status.ts';
import { ship } from '../../src/usage/shipping.ts';
import { Outbox } from '../support/browser.ts';
import { seedTeam } from '../support/team.ts';
import { usageEvent } from '../usage/events.ts';
import { call, type Json, type KeyBody } from './management.ts';

export const clock = { ms: Date.now() };

/** What a key has used of its limits, in dollars, and its window, where it has one. */
interface KeySpent {
  usd: number;
  window?: { startedAtMs: number; resetAtMs: number };
}

/** A team whose mail fails as long as `down` says so. */
export async function warnedTeam(down: (mail: Mail) => boolean = () => false) {
  // Of other tests nothing is news.
  await env.DB.batch([env.DB.prepare('DELETE FROM budget_warnings'), env.DB.prepare('DELETE FROM member_ledgers')]);
  const outbox = new Outbox();
  const { seeded, people } = await seedTeam(
    { owner: 'owner', partner: 'owner', admin: 'admin', dev: 'developer', basic: 'basic' },
    {},
    outbox.env,
  );
  const fetch = async (_url: string, init: RequestInit) => {
    const mail = JSON.parse(String(init.body)) as Mail;
    if (down(mail)) return new Response(null, { status: 503 });
    outbox.mails.push(mail);
    return new Response();
  };
  const mailing: Env = { ...outbox.env, OUTBOX: { fetch } as unknown as Fetcher };
  const { organizationId, projectId, masterKey } = seeded;
  const organization = `/orgs/${organizationId}`;
  const shipped = new Map<string, number>();
  return {
    outbox,
    mailing,
    seeded,
    people,
    organization,
    budget: async (memberId: string, body: Json) => {
      const { status } = await people.owner.browser.send('PUT', `${organization}/members/${memberId}/budget`, body);
      expect(status).toBe(200);
    },
    /** A new key of a member, with limits of its own. */
    newKey: async (memberId: string, name: string, limits: Json): Promise<KeyBody> => {
      await env.DB.prepare('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?) ON CONFLICT DO NOTHING')
        .bind(memberId, projectId)
        .run();
      const made = await call('POST', `${organization}/keys`, masterKey, { projectId, memberId, name, limits });
      expect(made.status).toBeLessThan(300);
      return (await made.json()) as KeyBody;
    },
    /** As if the member's object had just shipped that so many dollars are spent of its total, and of its keys' limits. */
    spent: async (memberId: string, usd: number, ofKeys: Record<string, KeySpent> = {}) => {
      clock.ms += 1;
      const budget = effectiveBudget(await findMember(env, organizationId, memberId));
      const limits = limitsAt(budget.limits, budget.extras, clock.ms);
      const known = { spent: nanos(usd * 1e9), budgetVersion: 1, activeKeys: 1 };
      const keys: Record<string, LimitStatus> = {};
      for (const [keyId, spent] of Object.entries(ofKeys)) keys[keyId] = await limitStatus(keyId, spent);
      const first = (shipped.get(memberId) ?? 0) + 1;
      const used = Object.keys(keys).length === 0 ? ['key_other'] : Object.keys(keys);
      const events = used.map((keyId, i) => usageEvent(first + i, { keyId, attemptId: `${memberId}_${first + i}` }));
      shipped.set(memberId, first + events.length - 1);
      const telling = { atMs: clock.ms, member: restated({ ...budget, limits }, null, known), keys };
      await ship(env, { memberId, organizationId }, events, telling);
    },
    cron: (atMs = clock.ms) => warnOfBudgets(mailing, atMs),
    /** Who was mailed since the last look: "dev: subject". */
    mailed: () => {
      const names = Object.entries(people).map(([name, { email }]) => [email, name] as const);
      return outbox.mails.splice(0).map(({ to, subject }) => `${new Map(names).get(to) ?? to}: ${subject}`);
    },
  };
}

async function limitStatus(keyId: string, { usd, window }: KeySpent): Promise<LimitStatus> {
  const stored = await env.DB.prepare('SELECT limits FROM api_keys WHERE id = ?').bind(keyId).first<string>('limits');
  const { limits } = enforcedOfKey(storedKeyLimits(stored ?? '{}'), 'UTC');
  const usage = nanos(usd * 1e9);
  const period = limits.period && { usage, startedAtMs: null, resetAtMs: null, ...window };
  return { limits, usage, cycleStartedAtMs: null, period };
}
