/**
 * The mail that warns of limits, a member's and those of its keys: the most urgent is its subject, each is told. A key's name
 * is somebody's own words, so it stands in the text and not in the subject, which is logged where a mail fails. It has no
 * link: a cron sends it, which knows of no address under which people see Purser.
 */

import { LIMITS } from '../limits.ts';
import { compose } from '../mail/compose.ts';
import type { Mail } from '../mail/mail.ts';
import { instantInWords } from './limit-words.ts';
import type { WarnedAbout } from './warning-levels.ts';

export interface Warning {
  percent: number;
  about: WarnedAbout;
  /** Whose limit it is; null: the member's. */
  key: { name: string; masked: string } | null;
}

interface Warnings {
  organizationName: string;
  timeZone: string;
  /** The API-only member that it is about; null: whoever reads it. */
  program: string | null;
  /** The most urgent first; at least one. */
  warnings: readonly Warning[];
}

export function warningMail(to: string, { organizationName, timeZone, program, warnings }: Warnings): Mail {
  const told = warnings.slice(0, LIMITS.warningsPerMail);
  const untold = warnings.length - told.length;
  const sentences = told.map((warning) => sentencesOf(warning, program, timeZone));
  const ways = new Set(warnings.map(({ key }) => wayOut(key !== null, program !== null)));
  const percents = new Set(told.map(({ percent }) => `${percent}%`));
  return compose({
    to,
    subject: `${organizationName}: ${subjectOf(warnings, program)}`,
    paragraphs: [
      'Hello,',
      ...(sentences.length === 1 ? sentences.flat() : sentences.map((ofOne) => `• ${ofOne.join(' ')}`)),
      ...(untold > 0 ? [`• So it is with ${untold} more.`] : []),
      `If that is not enough, you can ${[...ways].join(' or ')} in Purser.`,
    ],
    note: `You get this mail once for each limit and window, at ${[...percents].join(' and ')} of it.`,
  });
}

function subjectOf(warnings: readonly Warning[], program: string | null): string {
  const [first] = warnings;
  if (!first) throw new Error('a mail that warns of nothing');
  const { key, percent } = first;
  const ofKey = program === null ? 'one of your API keys' : 'an API key of an API-only member';
  const budget = program === null ? 'your budget' : 'the budget of an API-only member';
  const whose = key ? `the limit of ${ofKey}` : budget;
  const more = warnings.length - 1;
  const others = more === 0 ? '' : `, and ${more} more ${more === 1 ? 'warning' : 'warnings'}`;
  return `${percent >= 100 ? `${whose} is used up` : `${percent}% of ${whose} is used`}${others}`;
}

function sentencesOf({ percent, about, key }: Warning, program: string | null, timeZone: string): string[] {
  const { limit, spent, resetsAtMs } = about;
  const owner = program === null ? 'you have' : `${program} has`;
  const whose = program === null ? 'your' : `${program}'s`;
  const used = key
    ? `${whose} API key ${key.name} (${key.masked}) has used ${spent} of its limit of ${limit}.`
    : `${owner} used ${spent} of a limit of ${limit}.`;
  const refused = `Requests${key ? ' with it' : ''} are refused while nothing is left.`;
  const comesBack = resetsAtMs === null ? [] : [`All of it comes back on ${instantInWords(resetsAtMs, timeZone)}.`];
  return [used, ...(percent >= 100 ? [refused] : []), ...comesBack];
}

function wayOut(ofKey: boolean, ofProgram: boolean): string {
  if (ofKey) return ofProgram ? 'change the limits of its keys' : 'change the limits of your keys';
  return ofProgram ? 'raise its budget' : 'ask for more budget';
}
