/** What a key is and may be used for: its dates, its project, its rules in words. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { KeyUsage, Rules } from '../../../../client/index.ts';
import { Moment } from '../../parts/dates.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { KeyStatus } from '../keys/key-status.tsx';

export function KeyFacts({ apiKey }: { apiKey: KeyUsage['key'] }) {
  const { organizationId: orgId } = useHere();
  const path = { orgId, projectId: apiKey.projectId };
  const project = useQuery(asking('GET /orgs/{orgId}/projects/{projectId}', { path }));
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
        {rulesInWords(apiKey.rules).map((rule) => (
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

function rulesInWords(rules: Rules): string[] {
  const words: string[] = [];
  const list = (what: string, allow: readonly string[] | null, deny: readonly string[] = []) => {
    if (allow) words.push(`Only these ${what}: ${allow.join(', ') || 'none'}`);
    if (deny.length > 0) words.push(`Not these ${what}: ${deny.join(', ')}`);
  };
  list('models', rules.models.allow, rules.models.deny);
  list('providers', rules.providers.allow, rules.providers.deny);
  list('endpoints', rules.endpoints.allow);
  list('addresses', rules.ips.allow, rules.ips.deny);
  if (rules.maxInputPrice !== null) words.push(`At most $${rules.maxInputPrice} per million tokens in`);
  if (rules.maxOutputPrice !== null) words.push(`At most $${rules.maxOutputPrice} per million tokens out`);
  return words.length > 0 ? words : ['None: whatever its member may.'];
}
