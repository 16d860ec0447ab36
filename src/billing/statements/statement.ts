/**
 * A statement: what an organization used in one month of its zone, by project, member and model. Read from running totals
 * as analytics read them, in one transaction; so its totals are those of that month in analytics, to the nanodollar.
 */
import { LIMITS } from '../../limits.ts';
import { ApiError } from '../../teams/api-error.ts';
import type { Databases } from '../../usage/analytics.ts';
import { type GroupBy, type UsageAsked, usageIn, usageStatement } from '../../usage/from-totals.ts';
import { BETWEEN, MEASURE_NAMES } from '../../usage/measures.ts';
import { namesOf } from '../../usage/names.ts';
import { SUM_COLUMNS } from '../../usage/sums.ts';
import { addUsed, byCost, isAnything, nothingUsed, type Usage, type Used } from '../../usage/used.ts';
import type { Month } from './month.ts';
import { type Sequence, sequenceOf } from './sequence.ts';

export interface Named {
  id: string;
  name: string;
}

/** What one member used of one model in one project. */
export interface StatementLine {
  project: Named;
  member: Named;
  model: string;
  used: Used;
}

/** A member's whole month, whatever part of it the statement is of: what its ledger entries add up to. */
export interface MemberLedger {
  sequence: Sequence;
  used: Used;
}

export interface Statement {
  /** With the code of its country, for the paper. */
  organization: Named & { country: string };
  month: Month;
  /** What it is of; null: not only. */
  project: Named | null;
  member: Named | null;
  /** Usage that had arrived by this instant is in it. */
  rolledUpTo: string;
  /** Dearest first, as are the parts of each. */
  projects: { project: Named; used: Used; lines: StatementLine[] }[];
  members: { member: Named; used: Used; ledger: MemberLedger }[];
  total: Used;
}

export type StatementAsked = Pick<Statement, 'organization' | 'month' | 'project' | 'member'>;

/** Whether usage of the month may still come to be in it. */
export function isPreliminary({ month, rolledUpTo }: Pick<Statement, 'month' | 'rolledUpTo'>): boolean {
  return Date.parse(rolledUpTo) < month.endMs;
}

export function costOf({ values }: Used): bigint {
  return BigInt(values[MEASURE_NAMES.indexOf('cost')] ?? 0);
}

const LINE: readonly GroupBy[] = ['project', 'member', 'model'];

/** Later than any usage. */
const END_OF_TIME = Date.UTC(10_000, 0);

/** The last number of each member's ledger that the sums know of: what was shipped, less what waits to be rolled up. */
const READ_NEWEST = `
  WITH waiting AS (
    SELECT member_id, count(*) AS entries
    FROM usage_events
    WHERE seq > (SELECT seq FROM rollup_watermark) AND +organization_id = ?1
    GROUP BY member_id
  )
  SELECT ledger.member_id AS memberId, ledger.shipped - coalesce(waiting.entries, 0) AS newest
  FROM member_ledgers AS ledger
  LEFT JOIN waiting ON waiting.member_id = ledger.member_id
  WHERE ledger.organization_id = ?1`;

/** Throws a 503 where the lines are not the organization's own sum, as while a backfill repairs them: such a paper would be none. */
export async function readStatement(databases: Databases, asked: StatementAsked): Promise<Statement> {
  const { organization, month, project, member } = asked;
  const everything = { organizationId: organization.id, limit: Number.POSITIVE_INFINITY };
  const lines: UsageAsked = {
    ...everything,
    groupBy: LINE,
    projectId: project?.id,
    memberId: member?.id,
    instants: [month.startMs, month.endMs],
  };
  const ledgers: UsageAsked = {
    ...everything,
    groupBy: 'member',
    instants: [0, month.startMs, month.endMs, END_OF_TIME],
  };
  const session = databases.usage.withSession('first-unconstrained');
  const [watermark, newest, readLines, readLedgers] = await session.batch([
    session.prepare('SELECT rolled_up_to FROM rollup_watermark'),
    session.prepare(READ_NEWEST).bind(organization.id),
    usageStatement(session, lines),
    usageStatement(session, ledgers),
  ]);
  const [mark] = (watermark?.results ?? []) as { rolled_up_to: number }[];
  const byMember = new Map(
    ((newest?.results ?? []) as { memberId: string; newest: number }[]).map((row) => [row.memberId, row.newest]),
  );
  const parts = usageIn(readLines as D1Result, lines);
  const all = usageIn(readLedgers as D1Result, ledgers);
  const named = await nameLines(databases.names, organization.id, parts.groups);
  const statement = statementOf(asked, new Date(mark?.rolled_up_to ?? 0).toISOString(), named, (memberId) =>
    ledgerOf(all.groups.get(memberId) ?? [], byMember.get(memberId) ?? 0),
  );
  if (!project && !member) checkTotal(month, statement.total, all.total[1] ?? nothingUsed());
  return statement;
}

/** The lines of a statement grouped and added up. */
export function statementOf(
  asked: StatementAsked,
  rolledUpTo: string,
  lines: readonly StatementLine[],
  ledgerOf: (memberId: string) => MemberLedger,
): Statement {
  return {
    ...asked,
    rolledUpTo,
    projects: grouped(lines, (line) => line.project).map(({ of, ...rest }) => ({ project: of, ...rest })),
    members: grouped(lines, (line) => line.member).map(({ of, used }) => ({
      member: of,
      used,
      ledger: ledgerOf(of.id),
    })),
    total: sumOf(lines),
  };
}

/** Each with what things are called. */
async function nameLines(db: D1Database, organizationId: string, groups: Usage['groups']): Promise<StatementLine[]> {
  const rows = [...groups].flatMap(([key, [used]]) => {
    const [projectId = '', memberId = '', model = ''] = key.split(BETWEEN);
    return used && isAnything(used) ? [{ projectId, memberId, model, used }] : [];
  });
  const idsOf = (of: 'projectId' | 'memberId') => [...new Set(rows.map((row) => row[of]))];
  const [projects, members] = await Promise.all([
    namesOf(db, organizationId, 'project', idsOf('projectId')),
    namesOf(db, organizationId, 'member', idsOf('memberId')),
  ]);
  const named = (names: Map<string, string>, id: string): Named => ({ id, name: names.get(id) ?? id });
  return rows.map(({ projectId, memberId, model, used }) => ({
    project: named(projects, projectId),
    member: named(members, memberId),
    model,
    used,
  }));
}

/** Dearest first, with the lines of each in the same order. */
function grouped(lines: readonly StatementLine[], of: (line: StatementLine) => Named) {
  const nameOf = ({ member, model }: StatementLine) => member.id + BETWEEN + model;
  return [...Map.groupBy(lines, (line) => of(line).id).values()]
    .flatMap((some) => {
      const ordered = some.toSorted((a, b) => byCost(a.used, b.used) || (nameOf(a) < nameOf(b) ? -1 : 1));
      return ordered[0] ? [{ of: of(ordered[0]), used: sumOf(ordered), lines: ordered }] : [];
    })
    .sort((a, b) => byCost(a.used, b.used) || (a.of.id < b.of.id ? -1 : 1));
}

function sumOf(lines: readonly StatementLine[]): Used {
  const sum = nothingUsed();
  for (const { used } of lines) addUsed(sum, used);
  return sum;
}

const EVENTS = SUM_COLUMNS.indexOf('events');

/** `spans`: what the member used before the month, in it, and after it. */
function ledgerOf(spans: readonly (Used | undefined)[], newest: number): MemberLedger {
  const [before = 0, during = 0, after = 0] = spans.map((used) => Number(used?.values[EVENTS] ?? 0));
  return { sequence: sequenceOf({ before, during, after }, newest), used: spans[1] ?? nothingUsed() };
}

function checkTotal(month: Month, lines: Used, whole: Used): void {
  const wrong = MEASURE_NAMES.find((_, i) => lines.values[i] !== whole.values[i]);
  if (wrong === undefined) return;
  const message = `The sums of ${month.name} are just being made right (${wrong}). Try again in some minutes.`;
  throw new ApiError(503, 'unavailable', message, { retryAfterSeconds: LIMITS.statementRetrySeconds });
}
