/** The mail that tells of a price which has changed. It has no link: a cron sends it, which knows of no address of Purser's. */
import { compose } from '../mail/compose.ts';
import type { Mail } from '../mail/mail.ts';
import { inWords, type Terms } from './terms.ts';

interface Changed {
  organizationName: string;
  mapping: string;
  before: Terms;
  after: Terms;
}

export function priceMail(to: string, { organizationName, mapping, before, after }: Changed): Mail {
  return compose({
    to,
    subject: `${organizationName}: the price of ${mapping} has changed`,
    paragraphs: [
      'Hello,',
      `${organizationName} has used ${mapping} in the last 30 days. From now on it costs:`,
      ...inWords(after),
      'Until now it was:',
      ...inWords(before),
      'Budgets count what a request costs when it is made; what was charged before stays as it is.',
    ],
    note: 'You get this mail once for each change, as an owner.',
  });
}
