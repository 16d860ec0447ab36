/**
 * An invitation's link: says who invites to what. Signed in with that address one accepts; without an account one makes it here, which
 * accepts as well.
 */
import { Button } from '@cloudflare/kumo/components/button';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { Moment } from '../../parts/dates.tsx';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { mailedToken, Outside } from '../../parts/outside.tsx';
import { Answered, Bone, Failed } from '../../parts/state.tsx';
import { BROWSER_ZONE } from '../../parts/zone.ts';
import { asking, purser, queryClient } from '../../shell/api.ts';
import { meQuery, signOut } from '../../shell/session.ts';

export function InvitationPage() {
  const token = mailedToken();
  const invitation = useQuery({
    ...asking('GET /invitations/{token}', { path: { token: token ?? '-' } }),
    retry: false,
  });
  return (
    <Outside title={invitation.data ? `Join ${invitation.data.organization.name}` : 'Invitation'}>
      <Answered query={invitation} skeleton={<Bone className="h-24 w-full" />}>
        {({ email, role, expiresAt, hasAccount }) => (
          <div className="flex flex-col gap-4">
            <p className="text-kumo-default">
              {email} is invited as {role === 'api' ? 'a program' : role}. The invitation ends <Moment at={expiresAt} />
              .
            </p>
            <Accept token={token ?? ''} email={email} hasAccount={hasAccount} />
          </div>
        )}
      </Answered>
    </Outside>
  );
}

function Accept({ token, email, hasAccount }: { token: string; email: string; hasAccount: boolean }) {
  const me = useQuery(meQuery);
  const router = useRouter();
  const accepting = useMutation({
    mutationFn: () => purser.call('POST /invitations/{token}/accept', { path: { token } }),
    onSuccess: ({ organizationId }) => {
      queryClient.clear();
      return router.navigate({ to: '/orgs/$orgId', params: { orgId: organizationId } });
    },
    // Who has just made an account is signed in by now, and can try again.
    onError: () => me.refetch(),
  });
  if (me.isPending) return <Bone className="h-9 w-full" />;
  if (me.data?.user.email === email) {
    return (
      <>
        {accepting.error && <Failed error={accepting.error} />}
        <Button variant="primary" loading={accepting.isPending} onClick={() => accepting.mutate()}>
          Accept
        </Button>
      </>
    );
  }
  if (me.data) {
    return (
      <>
        <p className="text-kumo-default">You are signed in as {me.data.user.email}.</p>
        <Button onClick={() => signOut().then(() => location.reload())}>Sign out to accept as {email}</Button>
      </>
    );
  }
  if (hasAccount) {
    return (
      <p className="text-kumo-default">
        <Link to="/sign-in" search={{ to: `/invitation#token=${token}` }} className="text-kumo-link underline">
          Sign in
        </Link>{' '}
        with that address to accept.
      </p>
    );
  }
  return <SignUpInvited token={token} email={email} accept={() => accepting.mutateAsync()} />;
}

interface SignUpInvitedProps {
  token: string;
  email: string;
  accept: () => Promise<unknown>;
}

function SignUpInvited({ token, email, accept }: SignUpInvitedProps) {
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /auth/sign-up', {
        body: {
          email,
          name: typed.text('name'),
          password: typed.raw('password'),
          invitationToken: token,
          timeZone: BROWSER_ZONE,
        },
      }),
    // The link lets somebody in; accepting is a deed of theirs. What fails of it is told where it can be tried again.
    { done: () => accept().catch(() => undefined) },
  );
  return (
    <Form submit={submit}>
      <TextField name="name" label="Your name" autoComplete="name" required />
      <TextField
        name="password"
        label="Password"
        type="password"
        autoComplete="new-password"
        description="10 characters or more."
        required
      />
      <SubmitButton className="w-full justify-center">Make an account and join</SubmitButton>
    </Form>
  );
}
