/**
 * What the audit log of the demo's team tells: how it came to be as it is, from its first day on. It must agree with demo-people.ts, of
 * which it is made, and with itself: entries are sealed into one chain as `changeAudited` seals them, so that it verifies.
 */
import type { Action } from '../audit/actions.ts';
import { targetKindOf } from '../audit/actions.ts';
import { type Fields, NO_ENTRIES, type SealedEntry, seal } from '../audit/chain.ts';
import { insertAlways } from '../audit/entries.ts';
import { changedFields, createdFields, recordable } from '../audit/fields.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../limits.ts';
import { DEMO_ORGANIZATIONS, type DemoMember } from './demo-people.ts';
import { demoId, demoRequestId, SeededRandom } from './demo-random.ts';

interface Deed {
  daysAgo: number;
  by: DemoMember;
  action: Action;
  targetId: string;
  fields: { before: Fields | null; after: Fields | null };
}

/** Where each browser is: addresses that are nobody's, for documentation. */
const FROM = {
  ip: '203.0.113.24',
  userAgent: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0',
};

export function insertAudit(db: D1Database, nowMs: number): D1PreparedStatement[] {
  const [team] = DEMO_ORGANIZATIONS;
  const random = new SeededRandom(`audit ${team.id}`);
  // What was done on one day was done in the order of this list, some minutes apart.
  const deeds = deedsOfTeam().sort((a, b) => b.daysAgo - a.daysAgo);
  let newest: Pick<SealedEntry, 'n' | 'hash'> = NO_ENTRIES;
  const entries = deeds.map(({ daysAgo, by, action, targetId, fields }, i) => {
    const entry = seal(
      recordable({
        organizationId: team.id,
        n: newest.n + 1,
        at: new Date(nowMs - daysAgo * DAY_MS - HOUR_MS + i * MINUTE_MS).toISOString(),
        actor: { kind: 'user', id: by.email && demoId('usr', by.email), memberId: by.id, sessionId: null },
        action,
        target: { kind: targetKindOf(action), id: targetId },
        ...fields,
        from: { ...FROM, requestId: demoRequestId(random) },
        previousHash: newest.hash,
      }),
    );
    newest = entry;
    return entry;
  });
  return entries.map((entry) => insertAlways(db, entry));
}

function deedsOfTeam(): Deed[] {
  const [team] = DEMO_ORGANIZATIONS;
  const [owner, admin] = team.members;
  if (!owner || !admin) throw new Error('the demo team lacks its owner or its admin');
  const { name, kind, timeZone, projects, members, invitations } = team;
  const deeds: Deed[] = [
    {
      daysAgo: owner.joinedDaysAgo,
      by: owner,
      action: 'organization.created',
      targetId: team.id,
      fields: createdFields({ name, kind, timeZone }),
    },
    ...projects.map(
      (project): Deed => ({
        daysAgo: owner.joinedDaysAgo,
        by: owner,
        action: 'project.created',
        targetId: project.id,
        fields: createdFields({ ...project }),
      }),
    ),
  ];
  for (const member of members) {
    const { id, role, granted, budget, keys, joinedDaysAgo } = member;
    if (role === 'api')
      deeds.push({
        daysAgo: joinedDaysAgo,
        by: admin,
        action: 'member.created',
        targetId: id,
        fields: createdFields({ name: member.name, role, projects: granted }),
      });
    else if (member !== owner)
      deeds.push({
        daysAgo: joinedDaysAgo,
        by: member,
        action: 'member.joined',
        targetId: id,
        fields: createdFields({ role, projects: granted }),
      });
    // A program signs in nowhere: the admin makes its keys.
    const maker = role === 'api' ? admin : member;
    for (const key of keys) {
      const about = { targetId: key.id, by: maker };
      const { name, projectId } = key;
      deeds.push({
        daysAgo: key.madeDaysAgo,
        ...about,
        action: 'api_key.created',
        fields: createdFields({ name, projectId, memberId: id, ...key.limits }),
      });
      if (key.disabledDaysAgo !== null)
        deeds.push({
          daysAgo: key.disabledDaysAgo,
          ...about,
          action: 'api_key.updated',
          fields: changedFields({ status: 'active' }, { status: 'disabled' }),
        });
    }
    for (const { daysAgo, ...before } of BUDGETS_BEFORE[member.name] ?? [])
      deeds.push({
        daysAgo,
        by: owner,
        action: 'member.budget.updated',
        targetId: id,
        fields: changedFields({ ...budget, ...before }, { ...budget }),
      });
  }
  for (const { id, email, role, projectIds, budget, sentDaysAgo } of invitations)
    deeds.push({
      daysAgo: sentDaysAgo,
      by: admin,
      action: 'invitation.created',
      targetId: id,
      fields: createdFields({ email, role, projects: projectIds, budget }),
    });
  return deeds;
}

/** What a budget was until so many days ago, by the member's name. */
const BUDGETS_BEFORE: Record<string, { daysAgo: number; periodUsageLimit?: string; usageLimit?: string }[]> = {
  'Mateo Alvarez': [{ daysAgo: 41, periodUsageLimit: '150' }],
  'Contractor: manual translation': [{ daysAgo: 12, usageLimit: '30' }],
};
