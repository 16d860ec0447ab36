/** What a key is and may be used for: its dates, its project, its rules in words. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { KeyUsage } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { rulesInWords } from '../../parts/rules.ts';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { KeyStatus } from '../keys/key-status.tsx';

export function KeyFacts({ apiKey }: { apiKey: KeyUsage['key'] }) {
  const { organizationId: orgId } = useHere();
  const path = { orgId, projectId: apiKey.projectId };
  const project = useQuery(asking('GET /orgs/{orgId}/projects/{projectId}', { path }));
  const rules = rulesInWords(apiKey.rules);
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
      <Fact name="Status">
        {apiKey.deleted ? <Badge variant="outline">Deleted</Badge> : <KeyStatus apiKey={apiKey} />}
      </Fact>
      <Fact name="Project">
        <Link
          to="/orgs/$orgId/projects/$projectId"
          params={{ orgId, projectId: apiKey.projectId }}
          className="text-kumo-link underline"
        >
          {project.data?.name ?? 'Its project'}
        </Link>
      </Fact>
      <Fact name="Made">
        <Moment at={apiKey.createdAt} as="date" />
      </Fact>
      <Fact name="Last used">
        <Moment at={apiKey.lastUsedAt} />
      </Fact>
      <Fact name="Ends">
        <Moment at={apiKey.expiresAt} as="date" />
      </Fact>
      <Fact name="Rules">
        {rules.length === 0 && <p>None: whatever its member may.</p>}
        {rules.map((rule) => (
          <p key={rule}>{rule}</p>
        ))}
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-kumo-subtle">{name}</dt>
      <dd className="min-w-0 break-words text-kumo-default">{children}</dd>
    </>
  );
}
