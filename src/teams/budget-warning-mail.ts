/** The mail that warns of a limit. It has no link: a cron sends it, which knows of no address under which people see Purser. */
import { compose } from '../mail/compose.ts';
import type { Mail } from '../mail/mail.ts';
import { instantInWords } from './limit-words.ts';
import type { WarnedAbout } from './warning-levels.ts';

interface Warning {
  organizationName: string;
  timeZone: string;
  percent: number;
  about: WarnedAbout;
  /** The API-only member that it is about; null: whoever reads it. */
  program: string | null;
}

export function warningMail(to: string, { organizationName, timeZone, percent, about, program }: Warning): Mail {
  const { limit, spent, resetsAtMs } = about;
  const whose = program === null ? 'your budget' : 'the budget of an API-only member';
  const isUsedUp = percent >= 100;
  const who = program === null ? 'you have' : `${program} has`;
  const comesBack = resetsAtMs === null ? [] : [`All of it comes back on ${instantInWords(resetsAtMs, timeZone)}.`];
  const more = program === null ? 'you can ask for more budget in Purser.' : 'you can raise its budget in Purser.';
  return compose({
    to,
    subject: isUsedUp
      ? `${organizationName}: ${whose} is used up`
      : `${organizationName}: ${percent}% of ${whose} is used`,
    paragraphs: [
      'Hello,',
      `${who} used ${spent} of a limit of ${limit}.`,
      ...(isUsedUp ? ['Requests are refused while nothing is left.'] : []),
      ...comesBack,
      `If that is not enough, ${more}`,
    ],
    note: `You get this mail once for each limit and window, at ${percent}% of it.`,
  });
}
