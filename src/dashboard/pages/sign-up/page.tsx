/** Sign up: openly, or as the first owner with the set-up code. The link that is mailed then makes the account. */
import { Link } from '@tanstack/react-router';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { Outside } from '../../parts/outside.tsx';
import { BROWSER_ZONE } from '../../parts/zone.ts';
import { purser } from '../../shell/api.ts';
import { useEnter } from '../sign-in/page.tsx';
import { signUpRoute } from './route.ts';

export function SignUpPage() {
  const { code } = signUpRoute.useSearch();
  const enter = useEnter('/welcome');
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /auth/sign-up', {
        body: {
          email: typed.text('email'),
          name: typed.text('name'),
          password: typed.raw('password'),
          ...(code && { setUpCode: typed.text('setUpCode') }),
          ...(typed.text('organizationName') && { organizationName: typed.text('organizationName') }),
          timeZone: BROWSER_ZONE,
        },
      }),
    { done: (answer) => 'user' in answer && enter() },
  );
  if (submit.data && 'next' in submit.data) return <LookIntoMail />;
  return (
    <Outside
      title={code ? 'Set up Purser' : 'Make an account'}
      description={code ? 'The set-up code was printed when Purser first started.' : undefined}
      below={
        <Link to="/sign-in" search={{}} className="text-kumo-link underline">
          Sign in instead
        </Link>
      }
    >
      <Form submit={submit}>
        {code && <TextField name="setUpCode" label="Set-up code" autoComplete="off" required />}
        <TextField name="name" label="Your name" autoComplete="name" required />
        <TextField name="email" label="Email" type="email" autoComplete="username" required />
        <TextField
          name="password"
          label="Password"
          type="password"
          autoComplete="new-password"
          description="10 characters or more."
          required
        />
        <TextField
          name="organizationName"
          label="Organization"
          autoComplete="organization"
          description="You can change it later."
        />
        <SubmitButton className="w-full justify-center">Continue</SubmitButton>
      </Form>
    </Outside>
  );
}

function LookIntoMail() {
  return (
    <Outside title="Look into your mail">
      <p className="text-kumo-default">
        The link in it makes your account. It asks for the password that you have just chosen.
      </p>
    </Outside>
  );
}
