/**
 * The way mail leaves Purser: one port, three ends. With RESEND_API_KEY and MAIL_FROM mail goes to that API; under
 * `npm start` it becomes a file in `<data>/outbox`; else nothing is delivered and only that is said.
 *
 * A mail carries links that open accounts: no part of one is ever logged, but its subject.
 */
import { resend } from './resend.ts';

export interface Mail {
  /** Of a mail that may be sent again because nobody knows whether it went: the same each time. */
  id?: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  attachment?: Attachment;
}

export interface Attachment {
  fileName: string;
  /** As in "application/pdf". */
  type: string;
  /** The file in base64, because mails travel as JSON. */
  base64: string;
}

export interface Mailer {
  /** Resolves when the mail is accepted. Throws what went wrong, without anything of the mail. */
  send(mail: Mail): Promise<void>;
}

/** Whether mail can leave at all. What waits for a mailed link must not be offered where it cannot. */
export function deliversMail(env: Env): boolean {
  return mailer(env) !== null;
}

/**
 * Sends. What fails is logged, not thrown: this belongs behind the answer (`waitUntil`), so that whoever asked hears
 * nothing of how it went, which could tell something about the address.
 */
export async function send(env: Env, mail: Mail): Promise<void> {
  await isSent(env, mail);
}

/** The same, for who sends again what was not accepted. */
export async function isSent(env: Env, mail: Mail): Promise<boolean> {
  const { subject } = mail;
  try {
    const way = mailer(env);
    if (way) await way.send(mail);
    else console.warn(JSON.stringify({ event: 'mail_not_configured', subject }));
    return way !== null;
  } catch (error) {
    console.error(JSON.stringify({ event: 'mail_failed', subject, error: String(error) }));
    return false;
  }
}

function mailer(env: Env): Mailer | null {
  if (env.RESEND_API_KEY && env.MAIL_FROM) return resend(env, env.RESEND_API_KEY, env.MAIL_FROM);
  return env.OUTBOX ? outbox(env.OUTBOX) : null;
}

/** The process that runs workerd takes the mail: there is no file system in here. */
function outbox(process: Fetcher): Mailer {
  return {
    async send(mail) {
      const response = await process.fetch('http://outbox/', { method: 'POST', body: JSON.stringify(mail) });
      if (!response.ok) throw new Error(`the outbox answered ${response.status}`);
    },
  };
}
