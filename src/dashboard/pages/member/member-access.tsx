/** What a member may use: which projects, and under which rules. */
import { useQuery } from '@tanstack/react-query';
import type { Member } from '../../../../client/index.ts';
import { seesGrantedOnly } from '../../../teams/roles.ts';
import { rulesInWords } from '../../parts/rules.ts';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';

/** The most that the API lists at once. */
const LISTED = 100;

export function MemberAccess({ member: { role, projects, rules } }: { member: Member }) {
  const here = useHere();
  const { data } = useQuery(
    asking('GET /orgs/{orgId}/projects', { path: { orgId: here.organizationId }, query: { limit: LISTED } }),
  );
  const nameOf = (id: string) => data?.projects.find((project) => project.id === id)?.name ?? '…';
  const said = rulesInWords(rules);
  const granted = seesGrantedOnly(role, here.plan) ? projects.map(nameOf).join(', ') || 'none' : 'all';
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-2 text-sm">
      <dt className="text-kumo-subtle">Projects</dt>
      <dd className="break-words text-kumo-default">{granted}</dd>
      <dt className="text-kumo-subtle">Rules</dt>
      <dd className="break-words text-kumo-default">
        {said.length === 0 && 'None: every model of every provider.'}
        {said.map((rule) => (
          <p key={rule}>{rule}</p>
        ))}
      </dd>
    </dl>
  );
}
