/** An entry of the audit log as a row: when, who, what, and the fields before and after. */
import { Fragment } from 'react';
import type { AuditEntry } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import type { Column } from '../../parts/table.tsx';

export const COLUMNS: Column<AuditEntry>[] = [
  {
    header: 'When',
    cell: ({ n, at }) => (
      <>
        <span className="whitespace-nowrap">
          <Moment at={at} as="date" />
        </span>
        <span className="block text-xs text-kumo-subtle">No. {n}</span>
      </>
    ),
  },
  {
    header: 'Who',
    cell: ({ actor, from }) => (
      <>
        {actor.name ?? (actor.id === null ? 'The operator' : actor.id)}
        <span className="block text-xs text-kumo-subtle" title={from.userAgent ?? undefined}>
          {from.ip ?? actor.kind.replaceAll('_', ' ')}
        </span>
      </>
    ),
    from: 'sm',
  },
  {
    header: 'Action',
    cell: ({ action, actor, target }) => (
      <>
        <code className="text-xs">{breakable(action)}</code>
        <span className="block text-xs break-all text-kumo-subtle sm:hidden">
          {actor.name ?? actor.id ?? 'operator'}
        </span>
        <span className="block text-xs break-all text-kumo-subtle">{target.id}</span>
      </>
    ),
  },
  { header: 'What changed', cell: (entry) => <Changes entry={entry} />, from: 'md' },
];

/** As in `member.budget.updated`: it may go on in the next line after a dot, never within a word. */
function breakable(action: string) {
  return action.split('.').map((part, i) => (
    <Fragment key={part}>
      {i > 0 && (
        <>
          .<wbr />
        </>
      )}
      {part}
    </Fragment>
  ));
}

/** More than so many stay closed until somebody looks. */
const OPEN_AT_ONCE = 3;

function Changes({ entry: { before, after } }: { entry: AuditEntry }) {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  if (fields.length === 0) return <span className="text-kumo-subtle">–</span>;
  const list = (
    <ul className="flex max-w-xl flex-col gap-0.5 text-xs">
      {fields.map((field) => (
        <li key={field} className="break-words">
          <span className="text-kumo-subtle">{field}: </span>
          {before && field in before && (
            <>
              <del className="text-kumo-subtle">{shown(before[field])}</del>
              {after && field in after && ' → '}
            </>
          )}
          {after && field in after && <ins className="no-underline">{shown(after[field])}</ins>}
        </li>
      ))}
    </ul>
  );
  if (fields.length <= OPEN_AT_ONCE) return list;
  return (
    <details>
      <summary className="cursor-pointer text-xs text-kumo-subtle">{fields.length} fields</summary>
      <div className="mt-1">{list}</div>
    </details>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
