/** Sign in: with a password, then a code where a second factor is on; with a passkey; or with a provider. */
import { Banner } from '@cloudflare/kumo/components/banner';
import { Button } from '@cloudflare/kumo/components/button';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Outside } from '../../parts/outside.tsx';
import { asking, purser, queryClient, tellError } from '../../shell/api.ts';
import { BASE } from '../../shell/base.ts';
import { PasskeyButton } from './passkey.tsx';
import { signInRoute } from './route.ts';

const NAMES = { google: 'Google', github: 'GitHub' };

export function SignInPage() {
  const { to, error } = signInRoute.useSearch();
  const [step, setStep] = useState<'password' | 'code'>('password');
  const enter = useEnter(to);
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /auth/sign-in', {
        body: { email: typed.text('email'), password: typed.raw('password'), remember: true },
      }),
    { done: (answer) => ('next' in answer ? setStep('code') : enter()) },
  );
  if (step === 'code') return <SecondFactor enter={enter} />;
  return (
    <Outside title="Sign in" below={<OtherWays />}>
      {error && (
        <Banner className="mb-4" variant="error" description={SAID[error] ?? 'Signing in failed. Try again.'} />
      )}
      <Form submit={submit}>
        <TextField name="email" label="Email" type="email" autoComplete="username" required />
        <TextField name="password" label="Password" type="password" autoComplete="current-password" required />
        <SubmitButton className="w-full justify-center">Sign in</SubmitButton>
      </Form>
      <PasskeyButton enter={enter} />
      <Providers to={to} />
    </Outside>
  );
}

/** What the way back from a provider says failed. */
const SAID: Record<string, string> = {
  sign_up_closed: 'There is no account with that address, and signing up takes an invitation.',
  email_not_verified: 'That provider has not verified your address.',
};

function SecondFactor({ enter }: { enter: () => void }) {
  const [kind, setKind] = useState<'app' | 'backup'>('app');
  const submit = useSubmit(
    (typed) => purser.call('POST /auth/sign-in/second-factor', { body: { code: typed.text('code'), kind } }),
    { done: enter },
  );
  return (
    <Outside
      title="Second factor"
      description={kind === 'app' ? 'The code that your authenticator app shows.' : 'One of the backup codes you kept.'}
    >
      <Form submit={submit}>
        <TextField
          name="code"
          label="Code"
          autoComplete="one-time-code"
          inputMode={kind === 'app' ? 'numeric' : 'text'}
          autoFocus
          required
        />
        <SubmitButton className="w-full justify-center">Sign in</SubmitButton>
        <Button variant="ghost" onClick={() => setKind(kind === 'app' ? 'backup' : 'app')}>
          {kind === 'app' ? 'Use a backup code' : 'Use the authenticator app'}
        </Button>
      </Form>
    </Outside>
  );
}

function Providers({ to }: { to: string | undefined }) {
  const methods = useQuery(asking('GET /auth/methods'));
  const go = useMutation({
    mutationFn: (provider: 'google' | 'github') =>
      purser.call('POST /auth/sign-in/with/{provider}', {
        path: { provider },
        body: { returnTo: addressOf(to).replace(/[?#].*/, '') },
      }),
    onSuccess: ({ url }) => location.assign(url),
  });
  if (!methods.data?.providers.length) return null;
  return (
    <div className="mt-4 flex flex-col gap-2 border-t border-kumo-hairline pt-4">
      {go.error && <Banner variant="error" description={tellError(go.error)} />}
      {methods.data.providers.map((provider) => (
        <Button
          key={provider}
          className="w-full justify-center"
          loading={go.isPending}
          onClick={() => go.mutate(provider)}
        >
          Continue with {NAMES[provider]}
        </Button>
      ))}
    </div>
  );
}

function OtherWays() {
  const { data } = useQuery(asking('GET /auth/methods'));
  return (
    <p className="flex flex-col gap-2">
      <Link to="/reset-password" className="text-kumo-link underline">
        Forgot your password?
      </Link>
      {(data?.signUp === 'open' || data?.waitsForSetUp) && (
        <Link to="/sign-up" search={data.waitsForSetUp ? { code: true } : {}} className="text-kumo-link underline">
          {data.waitsForSetUp ? 'Set up Purser with the set-up code' : 'Make an account'}
        </Link>
      )}
    </p>
  );
}

/** After signing in: to the page that was asked for, which is one of ours. */
export function useEnter(to?: string): () => void {
  const router = useRouter();
  return () => {
    queryClient.clear();
    router.history.push(addressOf(to));
  };
}

/** The whole path of a page of ours, which the router knows without its beginning. */
function addressOf(to: string | undefined): string {
  const ours = to?.startsWith('/') && !to.startsWith('//') ? to : '/';
  return ours.startsWith(BASE) ? ours : BASE + ours;
}
