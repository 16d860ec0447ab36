/** Archiving a project, or restoring it: both can be undone by the other. */
import type { Project } from '../../../../client/index.ts';
import { Confirm } from '../../parts/dialog.tsx';
import { forget, purser } from '../../shell/api.ts';
import { useHere } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';

export default function ArchiveDialog({ project, close }: { project: Project; close: () => void }) {
  const { organizationId: orgId } = useHere();
  const { id: projectId, name, archived } = project;
  const act = async () => {
    const { pending } = await purser.call('PATCH /orgs/{orgId}/projects/{projectId}', {
      path: { orgId, projectId },
      body: { archived: !archived },
    });
    const done = archived ? `${name} is restored.` : `${name} is archived.`;
    toast.done(pending > 0 ? `${done} It reaches ${pending} more members within minutes.` : done);
    await forget('GET /orgs/{orgId}/projects', 'GET /orgs/{orgId}/projects/{projectId}');
  };
  return (
    <Confirm
      title={archived ? `Restore ${name}?` : `Archive ${name}?`}
      consequence={
        archived
          ? 'Its keys are served again.'
          : 'Its keys are refused, and running streams end, until it is restored. Its history stays.'
      }
      deed={archived ? 'Restore project' : 'Archive project'}
      destructive={!archived}
      act={act}
      close={close}
    />
  );
}
