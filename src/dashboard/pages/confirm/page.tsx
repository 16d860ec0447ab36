/** The mailed link of a sign-up: with the password chosen then it makes the account, so that the mail alone opens nothing. */
import { Form, SubmitButton, TextField, useSubmit } from '../../parts/form.tsx';
import { mailedToken, Outside } from '../../parts/outside.tsx';
import { purser } from '../../shell/api.ts';
import { useEnter } from '../sign-in/page.tsx';

export function ConfirmPage() {
  const token = mailedToken();
  // Who has just made an organization begins with its first key.
  const enter = useEnter('/welcome');
  const submit = useSubmit(
    (typed) =>
      purser.call('POST /auth/sign-up/confirm', { body: { token: token ?? '', password: typed.raw('password') } }),
    { done: enter },
  );
  return (
    <Outside title="Confirm your address" description="With the password that you chose when you signed up.">
      <Form submit={submit}>
        <TextField
          name="password"
          label="Password"
          type="password"
          autoComplete="current-password"
          autoFocus
          required
        />
        <SubmitButton className="w-full justify-center">Confirm and sign in</SubmitButton>
      </Form>
    </Outside>
  );
}
