/** A forgotten password: first mails a link, then, where that link leads here, takes a new password. */
import { Link } from '@tanstack/react-router';
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { mailedToken, Outside } from '../../parts/outside.tsx';
import { purser } from '../../shell/api.ts';

export function ResetPasswordPage() {
  const token = mailedToken();
  return token ? <NewPassword token={token} /> : <AskForMail />;
}

function AskForMail() {
  const submit = useSubmit((typed) =>
    purser.call('POST /auth/password-reset', { body: { email: typed.text('email') } }),
  );
  return (
    <Outside title="Reset your password" below={<Back />}>
      {submit.isSuccess ? (
        <p role="status" className="text-kumo-default">
          If there is an account with that address, a link is on its way to it.
        </p>
      ) : (
        <Form submit={submit}>
          <TextField name="email" label="Email" type="email" autoComplete="username" required />
          <SubmitButton className="w-full justify-center">Mail me a link</SubmitButton>
        </Form>
      )}
    </Outside>
  );
}

function NewPassword({ token }: { token: string }) {
  const submit = useSubmit((typed) =>
    purser.call('POST /auth/password-reset/confirm', { body: { token, password: typed.raw('password') } }),
  );
  return (
    <Outside title="Set a new password" description="All your browsers are signed out then." below={<Back />}>
      {submit.isSuccess ? (
        <p role="status" className="text-kumo-default">
          Done. Sign in with the new password.
        </p>
      ) : (
        <Form submit={submit}>
          <TextField
            name="password"
            label="New password"
            type="password"
            autoComplete="new-password"
            description="10 characters or more."
            required
          />
          <SubmitButton className="w-full justify-center">Set it</SubmitButton>
        </Form>
      )}
    </Outside>
  );
}

function Back() {
  return (
    <Link to="/sign-in" search={{}} className="text-kumo-link underline">
      Back to signing in
    </Link>
  );
}
