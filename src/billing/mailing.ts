/**
 * Mails documents as they are given their numbers: to the address of the billing details, or else to owners and finance. By
 * cron, which has one for itself while it mails it. Who was mailed is noted at once, so each gets it once; a mail that fails, or
 * whose cron died, goes again when the lease has ended, under the id that the mail API knows.
 */
import { LIMITS } from '../limits.ts';
import { compose } from '../mail/compose.ts';
import { type Attachment, deliversMail, isSent, type Mail } from '../mail/mail.ts';
import { formatMinorUnits, type MinorUnits } from '../money/minor-units.ts';
import { sha256Hex } from '../teams/keys.ts';
import { documentOf, fileNameOf } from './document-of.ts';
import { documentPdf } from './documents/pdf.ts';
import { WORDS } from './documents/words.ts';
import { lookOf } from './seller.ts';
import type { Transaction } from './transaction.ts';
import { type TransactionRow, transactionOf } from './transaction-rows.ts';

export async function mailDocuments(env: Env, nowMs: number): Promise<void> {
  if (!deliversMail(env)) return;
  const { results } = await env.DB.prepare(
    `SELECT id FROM transactions
     WHERE number IS NOT NULL AND mailed_at IS NULL
       AND numbered_at > CAST(?1 AS INTEGER) AND mail_leased_until <= CAST(?2 AS INTEGER)
     ORDER BY numbered_at
     LIMIT ${LIMITS.documentMailsPerRun}`,
  )
    .bind(nowMs - LIMITS.documentMailMsMax, nowMs)
    .all<{ id: string }>();
  const endMs = Date.now() + LIMITS.documentMailRunMs;
  for (const { id } of results) {
    if (Date.now() > endMs) return;
    try {
      await mailDocument(env, id, nowMs);
    } catch (error) {
      // One that cannot be made must not keep the others.
      console.error(JSON.stringify({ event: 'document_not_mailed', transaction: id, error: String(error) }));
    }
  }
}

async function mailDocument(env: Env, id: string, nowMs: number): Promise<void> {
  const row = await env.DB.prepare(
    `UPDATE transactions SET mail_leased_until = CAST(?3 AS INTEGER)
     WHERE id = ?1 AND mailed_at IS NULL AND mail_leased_until <= CAST(?2 AS INTEGER)
     RETURNING *`,
  )
    .bind(id, nowMs, nowMs + LIMITS.documentMailLeaseMs)
    .first<TransactionRow & { mailed_to: string }>();
  if (!row) return;
  const transaction = transactionOf(row);
  const mailed = JSON.parse(row.mailed_to) as string[];
  const waiting = (await readersOf(env, transaction)).filter((email) => !mailed.includes(email));
  const attachment = waiting.length > 0 ? await attachmentOf(env, transaction) : undefined;
  let failed = 0;
  for (const email of waiting) {
    const mail = { ...mailOf(email, transaction), ...(attachment && { attachment }) };
    if (!(await isSent(env, { ...mail, id: `${id}-${await sha256Hex(email)}` }))) {
      failed += 1;
      continue;
    }
    await env.DB.prepare(`UPDATE transactions SET mailed_to = json_insert(mailed_to, '$[#]', ?2) WHERE id = ?1`)
      .bind(id, email)
      .run();
  }
  if (failed > 0) return;
  await env.DB.prepare('UPDATE transactions SET mailed_at = CAST(?2 AS INTEGER) WHERE id = ?1').bind(id, nowMs).run();
}

async function readersOf(env: Env, { organizationId, snapshot }: Transaction): Promise<string[]> {
  return snapshot.buyer.email === null ? payersOf(env, organizationId) : [snapshot.buyer.email];
}

/** The addresses of who looks after an organization's money. */
export async function payersOf(env: Env, organizationId: string): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT DISTINCT user.email
     FROM members AS member
     JOIN users AS user ON user.id = member.user_id
     WHERE member.organization_id = ?1 AND member.removed_at IS NULL AND member.role IN ('owner', 'finance')
     ORDER BY user.email`,
  )
    .bind(organizationId)
    .all<{ email: string }>();
  return results.map(({ email }) => email);
}

async function attachmentOf(env: Env, transaction: Transaction): Promise<Attachment | undefined> {
  const document = documentOf(transaction, lookOf(env));
  const fileName = fileNameOf(transaction);
  if (!document || fileName === null) return undefined;
  const bytes = await documentPdf(document);
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return { fileName, type: 'application/pdf', base64: btoa(binary) };
}

/** As many bytes as a function safely takes arguments. */
const PIECE = 8_192;

function mailOf(to: string, { kind: of, snapshot, number, currency, total }: Transaction): Mail {
  const { kind, seller, buyer, totals } = snapshot;
  const title = WORDS[snapshot.language].title[kind];
  const shown = (amount: number) => formatMinorUnits(Math.abs(amount) as MinorUnits, currency);
  const due = snapshot.kind === 'invoice' && totals.due > 0 ? snapshot.due : null;
  const said =
    snapshot.kind === 'credit-note' && snapshot.voids
      ? `Invoice ${snapshot.original.number} was taken back: nothing of it is to be paid.`
      : snapshot.kind === 'credit-note'
        ? `${shown(total)} of invoice ${snapshot.original.number} were ${of === 'dispute' ? 'taken back by the bank, where the payment is disputed' : 'refunded'}.`
        : due === null
          ? `${shown(total)} were paid.`
          : `${shown(total)} are due by ${WORDS[snapshot.language].day(due)}.`;
  return compose({
    to,
    subject: `${title} ${number} from ${seller.name}`,
    paragraphs: ['Hello,', `${said} The ${title.toLowerCase()} for ${buyer.name} is attached.`],
    note: 'You get this mail as the billing address of the organization, or as one who looks after its money.',
  });
}
