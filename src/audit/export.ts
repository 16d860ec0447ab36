/**
 * The audit log as a file, streamed page by page: JSON lines, which `npm run audit:verify` checks, and CSV for people.
 * Oldest first, the order of the chain, up to the entry that is the newest when the export begins.
 */
import { csvLine } from '../csv.ts';
import { LIMITS } from '../limits.ts';
import { cellsOf, lineOf, type SealedEntry } from './chain.ts';
import { type Filter, readEntries, readNewest } from './entries.ts';

export type ExportFormat = 'jsonl' | 'csv';

const FORMATS: Record<ExportFormat, { type: string; header: string; line: (entry: SealedEntry) => string }> = {
  jsonl: { type: 'application/x-ndjson', header: '', line: lineOf },
  csv: {
    type: 'text/csv',
    header:
      'organizationId,n,at,actorKind,actorId,memberId,sessionId,action,targetKind,targetId,before,after,ip,userAgent,requestId,previousHash,hash\r\n',
    line: (entry) => csvLine(Object.values(cellsOf(entry))),
  },
};

export async function exportLog(
  db: D1Database,
  organizationId: string,
  format: ExportFormat,
  filter: Filter,
): Promise<Response> {
  const { type, header, line } = FORMATS[format];
  const ending = format === 'csv' ? '\r\n' : '\n';
  const { n: newest } = await readNewest(db, organizationId);
  const encoder = new TextEncoder();
  let after = 0;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      if (header !== '') controller.enqueue(encoder.encode(header));
    },
    async pull(controller) {
      const range = { after, before: newest + 1, order: 'oldest first', limit: LIMITS.auditPageRows } as const;
      const page = await readEntries(db, organizationId, range, filter);
      after = page.at(-1)?.n ?? newest;
      if (page.length > 0) controller.enqueue(encoder.encode(page.map((entry) => line(entry) + ending).join('')));
      if (page.length < LIMITS.auditPageRows) controller.close();
    },
  });
  return new Response(stream, {
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'content-disposition': `attachment; filename="audit-log-${organizationId}.${format}"`,
    },
  });
}
