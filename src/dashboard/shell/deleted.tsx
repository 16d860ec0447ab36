/** In the place of every page of a deleted organization: only its owners see it, and all that they can do is to have it back. */
import { Button } from '@cloudflare/kumo/components/button';
import { useMutation } from '@tanstack/react-query';
import { LIMITS } from '../../limits.ts';
import { Moment } from '../parts/dates.tsx';
import { Page } from '../parts/page.tsx';
import { purser, queryClient } from './api.ts';
import { useHere } from './session.ts';
import { toast } from './toasts.tsx';

export default function Deleted({ since }: { since: string }) {
  const { organizationId: orgId, name } = useHere();
  const endsAt = new Date(Date.parse(since) + LIMITS.organizationUndoMs).toISOString();
  const restore = useMutation({
    mutationFn: () => purser.call('POST /orgs/{orgId}/restore', { path: { orgId } }),
    onSuccess: async ({ pending }) => {
      toast.done(`${name} is back.${pending > 0 ? ' Some of its keys work within minutes only.' : ''}`);
      await queryClient.invalidateQueries();
    },
    onError: toast.failed,
  });
  return (
    <Page title={name} description="This organization is deleted.">
      <p className="max-w-xl text-kumo-default">
        It was deleted on <Moment at={since} as="date" />. Its keys are refused, and only its owners see it. Until{' '}
        <Moment at={endsAt} as="date" /> you can have it back as it was.
      </p>
      <div>
        <Button variant="primary" loading={restore.isPending} onClick={() => restore.mutate()}>
          Have it back
        </Button>
      </div>
    </Page>
  );
}
