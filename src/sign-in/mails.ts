/**
 * The mails of sign-in. Their links lead to pages of the dashboard and carry the token behind the `#`, which no browser
 * sends to a server: it is in no log and in no Referer.
 */
import { compose } from '../mail/compose.ts';
import type { Mail } from '../mail/mail.ts';

/** Without a name: who signed up may be anybody, and would choose the words of a mail to somebody else. */
export function confirmAddressMail(origin: string, to: string, token: string): Mail {
  return compose({
    to,
    subject: 'Confirm your e-mail address',
    paragraphs: [
      'Hello,',
      'welcome to Purser. Please confirm that this is your e-mail address: follow the link and enter the password you just chose.',
    ],
    link: { label: 'Confirm and sign in', url: `${origin}/dashboard/confirm#token=${token}` },
    note: 'The link works for a day. If you did not sign up, ignore this mail: without the password nobody gets in by it.',
  });
}

export function alreadySignedUpMail(origin: string, to: string, name: string): Mail {
  return compose({
    to,
    subject: 'You already have an account',
    paragraphs: [
      `Hello ${name},`,
      'somebody, probably you, tried to sign up with this e-mail address. You have an account already: just sign in. If you forgot the password, you can set a new one there.',
    ],
    link: { label: 'Sign in', url: `${origin}/dashboard/sign-in` },
    note: 'If it was not you, there is nothing to do: nothing was changed.',
  });
}

export function resetPasswordMail(origin: string, to: string, name: string, token: string): Mail {
  return compose({
    to,
    subject: 'Set a new password',
    paragraphs: [`Hello ${name},`, 'you can set a new password for Purser by this link.'],
    link: { label: 'Set a new password', url: `${origin}/dashboard/reset-password#token=${token}` },
    note: 'The link works once, within an hour. If you did not ask for it, ignore this mail: your password stays as it is.',
  });
}
