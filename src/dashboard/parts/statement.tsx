/** A statement: what was used in a month of the organization's zone, as figures, and to take away as a PDF or CSV. */
import { useQuery } from '@tanstack/react-query';
import type { Statement } from '../../../client/index.ts';
import { LIMITS } from '../../limits.ts';
import { asking, told } from '../shell/api.ts';
import { useHere } from '../shell/session.ts';
import { Moment } from './dates.tsx';
import { FileLink } from './file-link.tsx';
import { lastMonths } from './months.tsx';

/** Of all, of a project, of a member, or of both. */
export interface StatementOf {
  projectId?: string | undefined;
  memberId?: string | undefined;
}

export function useStatement(month: string | undefined, of: StatementOf = {}) {
  const { organizationId: orgId } = useHere();
  const path = { orgId, month: month ?? '' };
  const statement = useQuery({
    ...asking('GET /orgs/{orgId}/statements/{month}', { path, query: { format: 'json', ...of } }),
    enabled: month !== undefined,
  });
  return { ...statement, data: told(statement.data) };
}

/** The months that the organization has statements of, once it is known since when it is; and the last whole one of them. */
export function useStatementMonths(): { months: string[]; usual: string | undefined; error: unknown } {
  const { organizationId: orgId, timeZone } = useHere();
  const { data, error } = useQuery(asking('GET /orgs/{orgId}', { path: { orgId } }));
  const months = data ? lastMonths(timeZone, data.createdAt) : [];
  return { months, usual: months[1] ?? months[0], error };
}

interface StatementFilesProps {
  month: string;
  of?: StatementOf;
  /** Of the statement, once it is there: a long one is no PDF. */
  lines: number | undefined;
}

export function StatementFiles({ month, of = {}, lines = 0 }: StatementFilesProps) {
  const { organizationId: orgId } = useHere();
  const hrefOf = (format: string) => {
    const query = new URLSearchParams({ format });
    for (const [name, value] of Object.entries(of)) if (value !== undefined) query.set(name, value);
    return `/orgs/${orgId}/statements/${month}?${query}`;
  };
  return (
    <span className="flex flex-wrap gap-2">
      {lines <= LIMITS.statementPdfLinesMax && (
        <FileLink href={hrefOf('pdf')} label="Statement as PDF">
          PDF
        </FileLink>
      )}
      <FileLink href={hrefOf('csv')} label="Statement as CSV">
        CSV
      </FileLink>
    </span>
  );
}

/** Whether the statement may still change, in a sentence. */
export function StatementNote({ statement: { preliminary, rolledUpTo, timezone } }: { statement: Statement }) {
  const zone = timezone.replaceAll('_', ' ');
  if (!preliminary) return <p className="text-sm text-kumo-subtle">Days of {zone}. The month is complete.</p>;
  return (
    <p className="text-sm text-kumo-subtle">
      Days of {zone}. Preliminary: usage up to <Moment at={rolledUpTo} as="date" /> is in it, more may come.
    </p>
  );
}
