/**
 * Mail by the HTTP API of Resend (POST /emails). What it may accept later (429, 5xx, no answer) is sent again under the
 * same Idempotency-Key, so that nobody gets a mail twice; what it refuses is not.
 */
import { upstreamUrl } from '../gateway/providers/upstream.ts';
import { LIMITS } from '../limits.ts';
import type { Mail, Mailer } from './mail.ts';

const RESEND_URL = 'https://api.resend.com';

export function resend(env: Env, apiKey: string, from: string): Mailer {
  const url = upstreamUrl(env, env.RESEND_BASE_URL ?? RESEND_URL, 'emails');
  return {
    async send({ id, to, subject, text, html, attachment }: Mail) {
      const headers = {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': id ?? crypto.randomUUID(),
      };
      const attachments = attachment && [
        { filename: attachment.fileName, content: attachment.base64, content_type: attachment.type },
      ];
      const body = JSON.stringify({ from, to: [to], subject, text, html, attachments });
      for (let tries = 1; ; tries++) {
        const outcome = await post(url, { method: 'POST', headers, body });
        if (outcome.accepted) return;
        if (!outcome.mayPassLater || tries === LIMITS.mailTriesMax) throw new Error(outcome.why);
        await new Promise((resolve) => setTimeout(resolve, LIMITS.mailRetryMs * tries));
      }
    },
  };
}

type Outcome = { accepted: true } | { accepted: false; mayPassLater: boolean; why: string };

async function post(url: string, init: RequestInit): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.timeout(LIMITS.mailTimeoutMs),
    });
    // The answer may repeat parts of the mail, so only its status is told; it is read to free the connection.
    await response.body?.cancel();
    if (response.ok) return { accepted: true };
    const mayPassLater = response.status === 429 || response.status >= 500;
    return { accepted: false, mayPassLater, why: `the mail API answered ${response.status}` };
  } catch (error) {
    return { accepted: false, mayPassLater: true, why: `the mail API did not answer (${(error as Error).name})` };
  }
}
