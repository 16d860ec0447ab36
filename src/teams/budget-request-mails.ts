/**
 * The mails about requests for more budget. Names and notes are people's own words, so they stand in the text and not in the
 * subject, which is logged where a mail fails. Who decided is not told: a developer may not even know who else is there.
 */
import { compose } from '../mail/compose.ts';
import type { Mail } from '../mail/mail.ts';

interface Asked {
  organizationName: string;
  /** In words. */
  limit: string;
  note: string | null;
}

/** To who may decide. */
export function requestMail(
  origin: string,
  to: string,
  { organizationName, limit, note, name, amount }: Asked & { name: string; amount: string | null },
): Mail {
  const more = amount === null ? 'more' : `$${amount} more`;
  return compose({
    to,
    subject: `${organizationName}: a member asks for more budget`,
    paragraphs: [
      'Hello,',
      `${name} asks for ${more} budget. Their limit is ${limit}.`,
      ...(note === null ? [] : [`They say: “${note}”`]),
      'You can grant an extra amount until an instant, or decline.',
    ],
    link: { label: 'See the request', url: `${origin}/dashboard/budget-requests` },
    note: `You get this mail because you may set budgets in ${organizationName}.`,
  });
}

/** To who asked. */
export function grantedMail(
  origin: string,
  to: string,
  { organizationName, limit, note, amount, until }: Asked & { amount: string; until: string },
): Mail {
  return compose({
    to,
    subject: `${organizationName}: you were granted more budget`,
    paragraphs: [
      'Hello,',
      `you were granted $${amount} more, beside your limit of ${limit}. It is there now, until ${until}.`,
      ...(note === null ? [] : [`They say: “${note}”`]),
    ],
    link: { label: 'See your budget', url: `${origin}/dashboard/budget` },
    note: 'It ends by itself then, or sooner if your budget is changed before.',
  });
}

/** To who asked. */
export function declinedMail(origin: string, to: string, { organizationName, limit, note }: Asked): Mail {
  return compose({
    to,
    subject: `${organizationName}: your request for more budget was declined`,
    paragraphs: [
      'Hello,',
      `you asked for more than your limit of ${limit}. That was declined; your budget stays as it is.`,
      ...(note === null ? [] : [`They say: “${note}”`]),
    ],
    link: { label: 'See your budget', url: `${origin}/dashboard/budget` },
  });
}
