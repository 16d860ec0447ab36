/** Which projects a member may use, where the role and the plan make that a choice. */
import { useQuery } from '@tanstack/react-query';
import { useFieldError } from '../../parts/form.tsx';
import { Answered, Bone } from '../../parts/state.tsx';
import { asking } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import type { Role } from './roles.ts';

/** Whether a member of this role uses only what is granted. On plans without it a developer uses all projects, all the same needs one. */
export const hasProjects = (role: Role): boolean => role === 'developer' || role === 'api' || role === 'basic';

export function ProjectChoice({ chosen, onChosen }: { chosen: string[]; onChosen: (ids: string[]) => void }) {
  const here = useHere();
  const error = useFieldError('projects');
  const projects = useQuery(
    asking('GET /orgs/{orgId}/projects', {
      path: { orgId: here.organizationId },
      query: { limit: 100, archived: 'false' },
    }),
  );
  return (
    <fieldset className="min-w-0">
      <legend className="mb-2 text-base font-medium text-kumo-default">Projects</legend>
      <Answered query={projects} skeleton={<Bone className="h-16 w-full" />}>
        {({ projects: shown }) => (
          <div className="grid max-h-48 gap-x-4 gap-y-1 overflow-y-auto sm:grid-cols-2">
            {shown.map(({ id, name }) => (
              <label key={id} className="flex min-w-0 items-center gap-2 py-0.5 text-kumo-default">
                <input
                  type="checkbox"
                  name="projects"
                  value={id}
                  checked={chosen.includes(id)}
                  onChange={({ target }) =>
                    onChosen(target.checked ? [...chosen, id] : chosen.filter((each) => each !== id))
                  }
                  className="size-4 shrink-0 accent-kumo-brand"
                />
                <span className="truncate">{name}</span>
              </label>
            ))}
            {shown.length === 0 && <p className="text-kumo-subtle">There is no project yet.</p>}
          </div>
        )}
      </Answered>
      {error ? (
        <p className="mt-1 text-sm text-kumo-danger">{error}</p>
      ) : (
        !here.has('projects.scoped') && (
          <p className="mt-1 text-sm text-kumo-subtle">
            On the {here.plan} plan developers use all projects. Only these are theirs on the Enterprise plan.
          </p>
        )
      )}
    </fieldset>
  );
}
