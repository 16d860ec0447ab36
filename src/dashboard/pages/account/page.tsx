/** Account: who one is, how one signs in, where one is signed in. It belongs to the person, not to an organization. */
import { Badge } from '@cloudflare/kumo/components/badge';
import { Button } from '@cloudflare/kumo/components/button';
import { SignOutIcon } from '@phosphor-icons/react';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { Page, Section } from '../../parts/page.tsx';
import { BASE } from '../../shell/base.ts';
import { signOut, useMe, usualOrganization } from '../../shell/session.ts';
import { toast } from '../../shell/toasts.tsx';
import { NameDialog } from './name-dialog.tsx';
import { NewPasskeyDialog, Passkeys } from './passkeys.tsx';
import { PasswordDialog } from './password-dialog.tsx';
import { type AccountSearch, accountRoute } from './route.ts';
import { NewCodesDialog, SecondFactorDialog } from './second-factor-dialog.tsx';
import { Sessions } from './sessions.tsx';

export function AccountPage() {
  const me = useMe();
  const { open } = accountRoute.useSearch();
  const navigate = useNavigate({ from: accountRoute.fullPath });
  const [renewing, setRenewing] = useState(false);
  const go = (next: AccountSearch['open']) => navigate({ search: { open: next }, replace: next === undefined });
  const close = () => void go(undefined);
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => location.assign(`${BASE}/sign-in`),
    onError: toast.failed,
  });
  const { user } = me;
  const back = usualOrganization(me);
  return (
    <main className="min-h-dvh bg-kumo-canvas">
      <div className="mx-auto max-w-4xl">
        <Page
          title="Account"
          description={
            back ? (
              <Link to="/orgs/$orgId" params={{ orgId: back.organizationId }} className="text-kumo-link underline">
                Back to {back.name}
              </Link>
            ) : (
              'You are in no organization. Whoever invites you mails you a link.'
            )
          }
          actions={
            <Button icon={SignOutIcon} loading={leave.isPending} onClick={() => leave.mutate()}>
              Sign out
            </Button>
          }
        >
          <Section title="You">
            <dl className="flex flex-col gap-3">
              <Fact name="Name">
                <span className="mr-3">{user.name}</span>
                <Button size="sm" onClick={() => go('name')}>
                  Change name
                </Button>
              </Fact>
              <Fact name="Email">{user.email}</Fact>
            </dl>
          </Section>
          <Section title="How you sign in">
            <div className="flex flex-col gap-5">
              <Row title="Password" told="Changing it signs out all your other browsers.">
                <Button size="sm" onClick={() => go('password')}>
                  Change password
                </Button>
              </Row>
              <Row
                title={
                  <>
                    Second factor{' '}
                    <Badge variant={user.secondFactor ? 'success' : 'outline'}>
                      {user.secondFactor ? 'On' : 'Off'}
                    </Badge>
                  </>
                }
                told="A code of an authenticator app, asked for after the password."
              >
                {user.secondFactor && (
                  <Button size="sm" onClick={() => setRenewing(true)}>
                    New backup codes
                  </Button>
                )}
                <Button size="sm" onClick={() => go('second-factor')}>
                  {user.secondFactor ? 'Turn off' : 'Turn on'}
                </Button>
              </Row>
            </div>
          </Section>
          <Passkeys add={() => go('passkey')} />
          <Sessions />
          {me.memberships.length > 0 && <Organizations />}
        </Page>
      </div>
      {open === 'name' && <NameDialog close={close} />}
      {open === 'password' && <PasswordDialog close={close} />}
      {open === 'second-factor' && <SecondFactorDialog close={close} />}
      {open === 'passkey' && <NewPasskeyDialog close={close} />}
      {renewing && <NewCodesDialog close={() => setRenewing(false)} />}
    </main>
  );
}

function Organizations() {
  const { memberships } = useMe();
  return (
    <Section title="Your organizations">
      <ul className="flex flex-col gap-3">
        {memberships.map(({ organizationId, name, role, deletedAt }) => (
          <li key={organizationId} className="flex flex-wrap items-center justify-between gap-3">
            <Link to="/orgs/$orgId" params={{ orgId: organizationId }} className="text-kumo-link underline">
              {name}
            </Link>
            <span className="text-kumo-subtle">{deletedAt ? `${role}, deleted` : role}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap gap-x-4">
      <dt className="w-24 text-kumo-subtle">{name}</dt>
      <dd className="min-w-0 break-words text-kumo-default">{children}</dd>
    </div>
  );
}

function Row({ title, told, children }: { title: ReactNode; told: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <div className="min-w-0">
        <h3 className="flex items-center gap-2 font-medium text-kumo-default">{title}</h3>
        <p className="text-sm text-kumo-subtle">{told}</p>
      </div>
      <div className="flex flex-wrap gap-2">{children}</div>
    </div>
  );
}
