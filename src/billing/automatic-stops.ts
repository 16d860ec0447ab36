/**
 * Tells owners and finance that their automatic top-ups have stopped, once for each stop. A mail that fails goes again with the
 * next run, under an id that the mail API knows; what is long over is not told any more.
 */
import { LIMITS } from '../limits.ts';
import { compose } from '../mail/compose.ts';
import { deliversMail, isSent } from '../mail/mail.ts';
import { sha256Hex } from '../teams/keys.ts';
import { payersOf } from './mailing.ts';
import { oneByOne } from './one-by-one.ts';

interface Stop {
  organizationId: string;
  name: string;
  failure: string;
  failedBy: string;
}

export async function tellOfStops(env: Env, nowMs: number): Promise<void> {
  if (!deliversMail(env)) return;
  const { results } = await env.DB.prepare(
    `SELECT organization_id AS organizationId, name, top_up_failure AS failure, top_up_failed_by AS failedBy
     FROM billing_accounts JOIN organizations ON organizations.id = organization_id
     WHERE top_up_failed_at > CAST(?1 AS INTEGER) AND top_up_retry_at IS NULL AND top_up_stop_told_at IS NULL
       AND top_up_failed_by IS NOT NULL AND top_up_below IS NOT NULL AND deleted_at IS NULL
     LIMIT CAST(?2 AS INTEGER)`,
  )
    .bind(nowMs - LIMITS.documentMailMsMax, LIMITS.documentMailsPerRun)
    .all<Stop>();
  await oneByOne('top_up_stop_not_told', results, (stop) => tell(env, stop, nowMs));
}

async function tell(env: Env, { organizationId, name, failure, failedBy }: Stop, nowMs: number): Promise<void> {
  for (const to of await payersOf(env, organizationId)) {
    const mail = compose({
      to,
      subject: `${name}: credit is no longer bought automatically`,
      paragraphs: [
        'Hello,',
        `the saved card of ${name} was refused, and automatic top-ups have stopped: ${failure}`,
        'Once the credit is used up, requests are refused. Buy credit with another card and have it kept, or save the settings again to try the same card.',
      ],
      note: 'You get this mail as one who looks after the money of the organization.',
    });
    if (!(await isSent(env, { ...mail, id: `${failedBy}-stopped-${await sha256Hex(to)}` }))) return;
  }
  await env.DB.prepare(
    `UPDATE billing_accounts SET top_up_stop_told_at = CAST(?3 AS INTEGER) WHERE organization_id = ?1 AND top_up_failed_by = ?2`,
  )
    .bind(organizationId, failedBy, nowMs)
    .run();
}
