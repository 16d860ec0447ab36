/** In the place of API keys, for who has none by their role: the way to the playground. */
import { Link } from '@tanstack/react-router';
import { Nothing } from '../../parts/state.tsx';
import { useHere } from '../../shell/session.ts';

export function NoKeys() {
  const here = useHere();
  return (
    <Nothing
      title="Your role has no API keys"
      action={
        here.may('playground') && (
          <Link
            to="/orgs/$orgId/playground"
            params={{ orgId: here.organizationId }}
            className="text-kumo-link underline"
          >
            Open the playground
          </Link>
        )
      }
    >
      You can ask models in the playground. An owner or admin can change your role.
    </Nothing>
  );
}
