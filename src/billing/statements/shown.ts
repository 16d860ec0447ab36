/** A statement as JSON, and as a CSV file of its lines. Amounts are exact in both. */
import { z } from '@hono/zod-openapi';
import { csvLine } from '../../csv.ts';
import { formatUsd } from '../../money/nanos.ts';
import { count, DAY, idOf, instant, like, usd } from '../../reference/fields.ts';
import { FRESHNESS } from '../../usage/analytics.ts';
import { Measures, showUsed, type Used } from '../../usage/used.ts';
import { costOf, isPreliminary, type MemberLedger, type Named, type Statement } from './statement.ts';

const Sums = Measures.pick({
  cost: true,
  requestCount: true,
  inputTokens: true,
  outputTokens: true,
  cachedTokens: true,
  reasoningTokens: true,
  totalTokens: true,
});

const PROJECT = { projectId: idOf('prj'), project: like('Search', 'Its name') };
const MEMBER = { memberId: idOf('mem'), member: like('Ada Lovelace', 'Their name') };

const sequence = (example: number, which: string) =>
  count(example)
    .nullable()
    .openapi({ description: `${which} number in the month; null: they were not counted yet` });

const Ledger = z
  .object({
    firstSequence: sequence(1_201, "The ledger entries' first"),
    lastSequence: sequence(1_846, 'Their last'),
    entries: count(646, 'From the first to the last').nullable(),
    requestCount: count(640, 'A correction is an entry and no request'),
    cost: usd('12.345678901', 'What these entries add up to, in all projects'),
  })
  .openapi('StatementLedger');

export const StatementShown = z
  .object({
    organizationId: idOf('org'),
    organization: like('Engines'),
    month: like('2026-10'),
    timezone: like('Europe/Stockholm'),
    from: DAY,
    to: DAY,
    startsAt: instant('2026-09-30T22:00:00.000Z'),
    endsAt: instant('2026-10-31T23:00:00.000Z'),
    projectId: idOf('prj').nullable().openapi({ description: 'Null: of all projects' }),
    memberId: idOf('mem').nullable().openapi({ description: 'Null: of all members' }),
    preliminary: z.boolean().openapi({ description: 'Whether usage of the month may still come', example: false }),
    rolledUpTo: FRESHNESS.rolledUpTo,
    totals: Sums,
    projects: z.array(z.object({ ...PROJECT, ...Sums.shape })),
    members: z.array(
      z.object({
        ...MEMBER,
        ...Sums.shape,
        ledger: Ledger.openapi({ description: "The member's whole month in all projects, as its ledger has it" }),
      }),
    ),
    lines: z.array(z.object({ ...PROJECT, ...MEMBER, model: like('gpt-5.5'), ...Sums.shape })),
  })
  .openapi('Statement');

type Shown = z.infer<typeof StatementShown>;

const projectOf = ({ id, name }: Named) => ({ projectId: id, project: name });
const memberOf = ({ id, name }: Named) => ({ memberId: id, member: name });

export function showStatement(statement: Statement): Shown {
  const { organization, month, project, member, rolledUpTo, projects, members, total } = statement;
  return {
    organizationId: organization.id,
    organization: organization.name,
    month: month.name,
    timezone: month.timeZone,
    from: month.firstDay,
    to: month.lastDay,
    startsAt: new Date(month.startMs).toISOString(),
    endsAt: new Date(month.endMs).toISOString(),
    projectId: project?.id ?? null,
    memberId: member?.id ?? null,
    preliminary: isPreliminary(statement),
    rolledUpTo,
    totals: sumsOf(total),
    projects: projects.map((group) => ({ ...projectOf(group.project), ...sumsOf(group.used) })),
    members: members.map((one) => ({
      ...memberOf(one.member),
      ...sumsOf(one.used),
      ledger: ledgerOf(one.ledger),
    })),
    lines: projects.flatMap(({ lines }) =>
      lines.map((line) => ({
        ...projectOf(line.project),
        ...memberOf(line.member),
        model: line.model,
        ...sumsOf(line.used),
      })),
    ),
  };
}

function ledgerOf({ sequence, used }: MemberLedger): z.infer<typeof Ledger> {
  return {
    firstSequence: sequence?.first ?? null,
    lastSequence: sequence?.last ?? null,
    entries: sequence && sequence.last - sequence.first + 1,
    requestCount: sumsOf(used).requestCount,
    cost: formatUsd(costOf(used)),
  };
}

function sumsOf(used: Used): z.infer<typeof Sums> {
  const { cost, requestCount, inputTokens, outputTokens, cachedTokens, reasoningTokens, totalTokens } = showUsed(used);
  return { cost, requestCount, inputTokens, outputTokens, cachedTokens, reasoningTokens, totalTokens };
}

const COLUMNS = [
  ...(['projectId', 'project', 'memberId', 'member', 'model'] as const),
  ...(Object.keys(Sums.shape) as (keyof z.infer<typeof Sums>)[]),
];

/** One line for each project, member and model, and no sums between, so that a column can be added up. */
export function statementCsv(statement: Statement): string {
  const { month, timezone, preliminary, rolledUpTo, lines, members } = showStatement(statement);
  const ledgers = new Map(members.map(({ memberId, ledger }) => [memberId, ledger]));
  const head = ['month', 'timezone', 'preliminary', 'rolledUpTo', ...COLUMNS, 'firstSequence', 'lastSequence'];
  const rows = lines.map((line) => {
    const { firstSequence = null, lastSequence = null } = ledgers.get(line.memberId) ?? {};
    const cells = COLUMNS.map((column) => (column === 'cost' ? { amount: line.cost } : line[column]));
    return [month, timezone, preliminary, rolledUpTo, ...cells, firstSequence, lastSequence];
  });
  return [head, ...rows].map((cells) => `${csvLine(cells)}\r\n`).join('');
}
