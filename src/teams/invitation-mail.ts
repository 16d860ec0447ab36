/** The mail that invites. Its link leads to a page of the dashboard and carries the token behind the `#`, like those of sign-in. */
import { compose } from '../mail/compose.ts';
import type { Mail } from '../mail/mail.ts';

export function invitationMail(origin: string, to: string, organizationName: string, token: string): Mail {
  return compose({
    to,
    subject: `You are invited to ${organizationName}`,
    paragraphs: ['Hello,', `you are invited to join ${organizationName} on Purser.`],
    link: { label: 'See the invitation', url: `${origin}/dashboard/invitation#token=${token}` },
    note: 'The link works for 30 days, for this address only. If you did not expect this mail, ignore it: nothing happens.',
  });
}
