/** The Worker as deployed, and a door to its documents: GET /bench/document/<which> renders one. Only documents.ts runs it. */
import { documentPdf } from '../src/billing/documents/pdf.ts';
import purser from '../src/worker.ts';
import { longInvoice, manyScripts, plainInvoice, reverseChargeCreditNote } from '../test/billing/documents/samples.ts';

export * from '../src/worker.ts';

const DOCUMENTS = {
  invoice: plainInvoice,
  'credit-note': reverseChargeCreditNote,
  scripts: manyScripts,
  '80-lines': longInvoice,
};

export default {
  ...purser,
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const [, which = ''] = /^\/bench\/document\/(.+)$/.exec(new URL(request.url).pathname) ?? [];
    if (Object.hasOwn(DOCUMENTS, which))
      return new Response(await documentPdf(DOCUMENTS[which as keyof typeof DOCUMENTS]()));
    return purser.fetch(request, env, ctx);
  },
};
