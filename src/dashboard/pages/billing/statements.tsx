/** Statements: what was used in a month, of all, of a project or of a member, to look at and to take away. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { FilterSelect } from '../../parts/filters.tsx';
import { Money } from '../../parts/money.tsx';
import { formatMonth, MonthSelect } from '../../parts/months.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { Section } from '../../parts/page.tsx';
import { Answered, Bone, Failed, Nothing } from '../../parts/state.tsx';
import { StatementFiles, StatementNote, useStatement, useStatementMonths } from '../../parts/statement.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { UsageFigures } from '../../parts/usage-figures.tsx';
import { useHere } from '../../shell/session.ts';
import type { BillingSearch } from './route.ts';

/** What is listed of a statement: a project's part of it or a member's. */
interface Part {
  id: string;
  name: string;
  cost: string;
  requestCount: number;
  totalTokens: number;
}

interface StatementsProps {
  search: BillingSearch;
  go: (next: Partial<BillingSearch>) => void;
}

export default function Statements({ search, go }: StatementsProps) {
  const { months, usual, error } = useStatementMonths();
  const month = search.month !== undefined && months.includes(search.month) ? search.month : usual;
  const of = { projectId: search.projectId, memberId: search.memberId };
  const statement = useStatement(month, of);
  // Who and what to choose from: all that used anything then, removed members and archived projects too.
  const whole = useStatement(month).data;
  if (error) return <Failed error={error} />;
  if (month === undefined) return <Bone className="h-64 w-full" />;
  return (
    <div className="flex flex-col gap-6">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <div className="flex min-w-0 flex-1 flex-wrap items-end gap-3">
          <div className="flex flex-col gap-1">
            <span aria-hidden="true" className="text-xs text-kumo-subtle">
              Month
            </span>
            <MonthSelect
              label="Month of the statement"
              months={months}
              value={month}
              onChange={(chosen) => go({ month: chosen })}
            />
          </div>
          <FilterSelect
            label="Project"
            names={namesOf(whole?.projects.map(projectPart), of.projectId)}
            value={of.projectId}
            onChange={(projectId) => go({ projectId })}
          />
          <FilterSelect
            label="Member"
            names={namesOf(whole?.members.map(memberPart), of.memberId)}
            value={of.memberId}
            onChange={(memberId) => go({ memberId })}
          />
        </div>
        <StatementFiles month={month} of={of} lines={statement.data?.lines.length} />
      </div>
      <Answered query={statement} skeleton={<Bone className="h-64 w-full" />}>
        {(shown) => (
          <>
            <UsageFigures totals={{ ...shown.totals, errorRate: null }} />
            <StatementNote statement={shown} />
            <div className="grid gap-6 xl:grid-cols-2">
              <Parts
                title="By project"
                month={month}
                parts={shown.projects.map(projectPart)}
                linked={(id, name) => <Narrowed search={{ ...search, month, projectId: id }}>{name}</Narrowed>}
              />
              <Parts
                title="By member"
                month={month}
                parts={shown.members.map(memberPart)}
                linked={(id, name) => <Narrowed search={{ ...search, month, memberId: id }}>{name}</Narrowed>}
              />
            </div>
          </>
        )}
      </Answered>
    </div>
  );
}

const projectPart = ({
  projectId,
  project,
  ...used
}: Omit<Part, 'id' | 'name'> & Record<'projectId' | 'project', string>): Part => ({
  ...used,
  id: projectId,
  name: project,
});

const memberPart = ({
  memberId,
  member,
  ...used
}: Omit<Part, 'id' | 'name'> & Record<'memberId' | 'member', string>): Part => ({
  ...used,
  id: memberId,
  name: member,
});

/** What is chosen is always among the names, although it used nothing in another month. */
function namesOf(parts: Part[] | undefined, chosen: string | undefined): Record<string, string> {
  const unknown = chosen === undefined ? {} : { [chosen]: 'The one chosen' };
  return { ...unknown, ...Object.fromEntries((parts ?? []).map(({ id, name }) => [id, name])) };
}

function Narrowed({ search, children }: { search: BillingSearch; children: ReactNode }) {
  const { organizationId: orgId } = useHere();
  return (
    <Link to="/orgs/$orgId/billing" params={{ orgId }} search={search} className="font-medium hover:underline">
      {children}
    </Link>
  );
}

interface PartsProps {
  title: string;
  month: string;
  parts: Part[];
  linked: (id: string, name: string) => ReactNode;
}

function Parts({ title, month, parts, linked }: PartsProps) {
  const columns: Column<Part>[] = [
    { header: 'Name', cell: ({ id, name }) => linked(id, name) },
    { header: 'Requests', cell: ({ requestCount }) => formatCount(requestCount), align: 'right', from: 'sm' },
    { header: 'Tokens', cell: ({ totalTokens }) => formatCount(totalTokens), align: 'right', from: 'md' },
    { header: 'Spend', cell: ({ cost }) => <Money amount={cost} />, align: 'right' },
  ];
  return (
    <Section title={title} card={false}>
      <Table
        label={`${title}, ${formatMonth(month)}`}
        columns={columns}
        rows={parts}
        idOf={({ id }) => id}
        empty={<Nothing title="Nothing was used" />}
      />
    </Section>
  );
}
