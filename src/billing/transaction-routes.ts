/** The management routes of transactions and their documents. Nothing here changes anything. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { idOf, ORG_ID, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { ApiError, badRequest, notFound } from '../teams/api-error.ts';
import { guarded } from '../teams/guard.ts';
import { PAGE, sortOf } from '../teams/page.ts';
import { instantOf } from '../usage/instant-bound.ts';
import { documentOf, fileNameOf } from './document-of.ts';
import { documentPdf } from './documents/pdf.ts';
import { type Look, lookOf, sellerOf } from './seller.ts';
import { TRANSACTION_KINDS, TRANSACTION_STATUSES, type Transaction } from './transaction.ts';
import { documentsOfMonth, listTransactions, TRANSACTION_SORTS } from './transaction-list.ts';
import { readRefunded, readTransaction } from './transaction-rows.ts';
import {
  showTransaction,
  showWholeTransaction,
  TransactionShown,
  TransactionWhole,
  transactionsCsv,
} from './transaction-shown.ts';
import { zipOf } from './zip.ts';

const route = routesOf('Billing');

const toRead = guarded({
  ability: 'transactions.read',
  roleMessage: 'Only owners, admins and finance admins can view transactions.',
});

const Org = z.object({ orgId: ORG_ID });
const One = Org.extend({ transactionId: idOf('txn') });

const BINARY = z.string().openapi({ format: 'binary', example: 'bytes' });

const day = (name: string, example: string, description: string) =>
  z
    .string()
    .max(LIMITS.nameLengthMax, { error: `${name} must have at most ${LIMITS.nameLengthMax} characters.` })
    .optional()
    .openapi({ example, description });

const Query = z.strictObject({
  kind: z.enum(TRANSACTION_KINDS, { error: `kind must be one of ${TRANSACTION_KINDS.join(', ')}.` }).optional(),
  status: z
    .enum(TRANSACTION_STATUSES, { error: `status must be one of ${TRANSACTION_STATUSES.join(', ')}.` })
    .optional(),
  from: day('from', '2026-11-01', "When they were begun: a day in the organization's zone, or an instant"),
  to: day('to', '2026-11-30', 'The last day, or the instant before which'),
  q: PAGE.q.openapi({ description: "A part of a number, a reference, an id or the buyer's name" }),
  limit: PAGE.limit,
  cursor: PAGE.cursor,
  sort: sortOf(TRANSACTION_SORTS, '-createdAt'),
  format: z.enum(['json', 'csv'], { error: 'format must be json or csv.' }).default('json'),
});

/** A later month than any that documents are of is a month too: it has none. */
const Month = z.strictObject({
  month: z
    .string({ error: 'month is required, as in 2026-10.' })
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, { error: 'month must be as in 2026-10.' })
    .openapi({ example: '2026-10' }),
});

/** Under the header of a file: the `cursor` of the next one. */
const NEXT = 'x-next-cursor';

export const transactionRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/transactions',
      summary: 'What was paid and given back, newest first',
      middleware: toRead,
      request: { params: Org, query: Query },
      responses: {
        200: {
          description: `A page; as csv up to ${LIMITS.transactionsCsvRowsMax} rows, and the next file's cursor in the header ${NEXT}`,
          content: {
            'application/json': { schema: pageOf('transactions', TransactionShown) },
            'text/csv': { schema: z.string() },
          },
        },
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { format, kind, status, from, to, limit, ...page } = c.req.valid('query');
      const { timeZone } = c.get('caller');
      const wanted = {
        kind,
        status,
        fromMs: instantOf('from', from, timeZone),
        toMs: instantOf('to', to, timeZone),
      };
      const rowsMax = format === 'csv' ? LIMITS.transactionsCsvRowsMax : limit;
      const { rows, nextCursor } = await listTransactions(c.env.DB, orgId, wanted, { ...page, limit: rowsMax });
      const transactions = rows.map(showTransaction);
      if (format === 'json') return c.json({ transactions, nextCursor }, 200);
      const next = nextCursor === null ? {} : { [NEXT]: nextCursor };
      const headers = fileHeaders('text/csv; charset=utf-8', `transactions-${orgId}.csv`);
      return new Response(transactionsCsv(transactions), { headers: { ...headers, ...next } });
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/transactions/{transactionId}',
      summary: 'One transaction, with all that its document says',
      middleware: toRead,
      request: { params: One },
      responses: { 200: answers('The transaction', TransactionWhole) },
    }),
    async (c) => {
      const { orgId, transactionId } = c.req.valid('param');
      const transaction = await transactionIn(c.env, orgId, transactionId);
      const { total } = await readRefunded(c.env.DB, transaction.id);
      return c.json(showWholeTransaction(transaction, total), 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/transactions/{transactionId}/invoice',
      summary: 'Its invoice, or of a refund its credit note, as a PDF that never changes',
      middleware: toRead,
      request: { params: One },
      refuses: [400, 503],
      responses: { 200: { description: 'The file', content: { 'application/pdf': { schema: BINARY } } } },
    }),
    async (c) => {
      const { orgId, transactionId } = c.req.valid('param');
      const transaction = await transactionIn(c.env, orgId, transactionId);
      const name = fileNameOf(transaction);
      if (name === null) throw badRequest(null, 'No invoice is available for this transaction');
      const pdf = await pdfOf(transaction, lookOfSeller(c.env));
      return new Response(pdf as Uint8Array<ArrayBuffer>, { headers: fileHeaders('application/pdf', name) });
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/invoices.zip',
      summary: "A month's invoices and credit notes in one file",
      middleware: toRead,
      request: { params: Org, query: Month },
      refuses: [503],
      responses: {
        200: {
          description: `The file: ${LIMITS.zipDocumentsMax} documents at most`,
          content: { 'application/zip': { schema: BINARY } },
        },
      },
    }),
    async (c) => {
      const { orgId } = c.req.valid('param');
      const { month } = c.req.valid('query');
      const look = lookOfSeller(c.env);
      const documents = await documentsOfMonth(c.env.DB, orgId, month, LIMITS.zipDocumentsMax);
      if (documents.length === 0) throw new ApiError(404, 'not_found', `There are no invoices of ${month}.`);
      if (documents.length > LIMITS.zipDocumentsMax) {
        const message = `${month} has more than ${LIMITS.zipDocumentsMax} documents: take them one by one, as the list of transactions tells them.`;
        throw badRequest('month', message);
      }
      const files = documents.map((transaction) => ({
        name: fileNameOf(transaction) ?? transaction.id,
        day: transaction.issued ?? month,
        bytes: () => pdfOf(transaction, look),
      }));
      return new Response(zipOf(files), { headers: fileHeaders('application/zip', `invoices-${month}.zip`) });
    },
  );

async function transactionIn(env: Env, organizationId: string, id: string): Promise<Transaction> {
  const transaction = await readTransaction(env.DB, id);
  if (transaction?.organizationId !== organizationId) throw notFound('transaction');
  return transaction;
}

/** What documents look like. Throws the 503 of a deployment without a seller. */
function lookOfSeller(env: Env): Look {
  sellerOf(env);
  return lookOf(env);
}

async function pdfOf(transaction: Transaction, look: Look): Promise<Uint8Array> {
  const document = documentOf(transaction, look);
  if (!document) throw new Error(`${transaction.id} has no document`);
  return documentPdf(document);
}

function fileHeaders(type: string, name: string): Record<string, string> {
  return { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` };
}
