/** The audit log: who changed what, whether nobody has meddled with it, and all of it as a file. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Needs } from '../../parts/access.tsx';
import { CsvLink } from '../../parts/csv-link.tsx';
import { FileLink } from '../../parts/file-link.tsx';
import { FilterDay, FilterSelect, FilterText } from '../../parts/filters.tsx';
import { Page } from '../../parts/page.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Nothing } from '../../parts/state.tsx';
import { Table } from '../../parts/table.tsx';
import { asking, told } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { COLUMNS } from './columns.tsx';
import { type AuditLogSearch, auditLogRoute } from './route.ts';
import { Verdict } from './verdict.tsx';

/** As many rows as fit two screens. */
const PAGE_SIZE = 50;

/** By the beginning of an action. */
const ABOUT = {
  'member.': 'Members',
  'invitation.': 'Invitations',
  'budget_request.': 'Requests for more',
  'default_budget.': 'Developer default',
  'project.': 'Projects',
  'api_key.': 'API keys',
  'master_key.': 'Master keys',
  provider_key: 'Provider keys',
  'organization.': 'Organization',
  'user.': 'People’s sign-in',
  'wallet.': 'Wallet',
  'payment.': 'Payments',
  'transaction.': 'Transactions',
};

const ACTORS = { user: 'People', master_key: 'Master keys', operator: 'The operator' };

export function AuditLogPage() {
  const here = useHere();
  return (
    <Page
      title="Audit log"
      description="Who changed what. Entries are chained, so that nobody can change or remove one unseen."
      actions={here.may('audit.read') && <Verdict />}
    >
      <Needs ability="audit.read" roles="owners and admins" what="the audit log">
        <Log />
      </Needs>
    </Page>
  );
}

function Log() {
  const { organizationId: orgId } = useHere();
  const search = auditLogRoute.useSearch();
  const navigate = useNavigate({ from: auditLogRoute.fullPath });
  const go = (next: Partial<AuditLogSearch>) => navigate({ search: (was) => ({ ...was, cursor: undefined, ...next }) });
  const { q, actor, action, target, from, to, cursor } = search;
  const filter = { q, actor, action, target, from, to };
  const log = useQuery(
    asking('GET /orgs/{orgId}/audit-log', { path: { orgId }, query: { ...filter, cursor, limit: PAGE_SIZE } }),
  );
  const page = told(log.data);
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  return (
    <>
      <div className="flex flex-wrap items-end gap-3">
        <SearchField
          label="An id, a field or a value"
          search={search}
          onSearch={(next) => go({ q: next.q, cursor: next.cursor })}
        />
        <FilterSelect
          label="About"
          names={ABOUT}
          value={action as keyof typeof ABOUT | undefined}
          onChange={(value) => go({ action: value })}
        />
        <FilterSelect
          label="By"
          names={ACTORS}
          value={actor as keyof typeof ACTORS | undefined}
          onChange={(value) => go({ actor: value })}
        />
        <FilterText label="What was changed" hint="Its id" value={target} onChange={(value) => go({ target: value })} />
        <FilterDay label="From" value={from} onChange={(value) => go({ from: value })} />
        <FilterDay label="To" value={to} onChange={(value) => go({ to: value })} />
      </div>
      <Table
        label="Audit log"
        columns={COLUMNS}
        rows={page?.entries}
        idOf={({ n }) => String(n)}
        error={log.error}
        again={log.refetch}
        search={search}
        onSearch={(next) => go({ cursor: next.cursor })}
        nextCursor={page?.nextCursor ?? null}
        empty={<Nothing title={isFiltered ? 'No entry is like that' : 'Nothing was changed yet'} />}
      />
      <Export filter={filter} />
    </>
  );
}

function Export({ filter }: { filter: Record<string, string | undefined> }) {
  const here = useHere();
  const path = `/orgs/${here.organizationId}/audit-log`;
  if (!here.has('audit.export')) {
    return (
      <p className="flex flex-wrap items-center gap-2 text-sm text-kumo-subtle">
        <Badge variant="outline">Enterprise</Badge>
        Taking the log away as a file, and keeping it for two years, comes with the Enterprise plan.
        <Link
          to="/orgs/$orgId/billing"
          params={{ orgId: here.organizationId }}
          search={{ view: 'plan' }}
          className="text-kumo-link underline"
        >
          See plans
        </Link>
      </p>
    );
  }
  const lines = new URLSearchParams({ format: 'jsonl' });
  for (const [name, value] of Object.entries(filter)) if (value !== undefined) lines.set(name, value);
  return (
    <div className="flex flex-wrap items-center gap-3">
      <CsvLink path={path} query={filter} />
      <FileLink href={`${path}?${lines}`}>Download JSON lines, which can be verified</FileLink>
    </div>
  );
}
