/** The filters of requests: what is asked for most at once, the rest on demand. */
import { Button } from '@cloudflare/kumo/components/button';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { FilterDay, FilterSelect, FilterText } from '../../parts/filters.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { OUTCOME_NAMES } from './outcomes.tsx';
import type { RequestsSearch } from './route.ts';

const MORE = ['provider', 'app', 'minCost', 'apiKeyId', 'requestId'] as const;

export function Filters({ search, go }: { search: RequestsSearch; go: (next: Partial<RequestsSearch>) => void }) {
  const here = useHere();
  const path = { orgId: here.organizationId };
  const projects = useQuery(asking('GET /orgs/{orgId}/projects', { path, query: { limit: 100 } }));
  const members = useQuery({
    ...asking('GET /orgs/{orgId}/members', { path, query: { limit: 100, sort: 'name' } }),
    enabled: here.may('requests.read'),
  });
  const [more, setMore] = useState(MORE.some((name) => search[name] !== undefined));
  return (
    <div className="flex flex-wrap items-end gap-3">
      <FilterSelect
        label="Outcome"
        names={OUTCOME_NAMES}
        value={search.outcome}
        onChange={(outcome) => go({ outcome })}
      />
      <FilterSelect
        label="Project"
        names={Object.fromEntries((projects.data?.projects ?? []).map(({ id, name }) => [id, name]))}
        value={search.projectId}
        onChange={(projectId) => go({ projectId })}
      />
      {here.may('requests.read') && (
        <FilterSelect
          label="Member"
          names={Object.fromEntries((members.data?.members ?? []).map(({ id, name }) => [id, name]))}
          value={search.memberId}
          onChange={(memberId) => go({ memberId })}
        />
      )}
      <FilterText label="Model" hint="gpt-5.5" value={search.model} onChange={(model) => go({ model })} />
      <FilterDay label="From" value={search.from} onChange={(from) => go({ from })} />
      <FilterDay label="To" value={search.to} onChange={(to) => go({ to })} />
      {more && (
        <>
          <FilterText
            label="Provider"
            hint="openai"
            value={search.provider}
            onChange={(provider) => go({ provider })}
          />
          <FilterText label="App" hint="claude-cli" value={search.app} onChange={(app) => go({ app })} />
          <FilterText
            label="Cost at least, in USD"
            hint="0.50"
            value={search.minCost}
            onChange={(minCost) => go({ minCost })}
          />
          <FilterText
            label="API key’s id"
            hint="key_..."
            value={search.apiKeyId}
            onChange={(apiKeyId) => go({ apiKeyId })}
          />
          <FilterText
            label="Request’s id"
            hint="req_..."
            value={search.requestId}
            onChange={(requestId) => go({ requestId })}
          />
        </>
      )}
      {!more && (
        <Button variant="ghost" onClick={() => setMore(true)}>
          More filters
        </Button>
      )}
    </div>
  );
}
