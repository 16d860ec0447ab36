/**
 * Analytics as CSV: one line for each day or hour and row of its breakdown, all rows and not only the dearest. A day of
 * which there is nothing has one line too. It is read and sent some days at a time, so that no file is held whole.
 */
import type { z } from '@hono/zod-openapi';
import { csvLine } from '../csv.ts';
import { LIMITS } from '../limits.ts';
import { type Activity, type ActivityQuery, activity, type Databases, type Freshness } from './analytics.ts';
import { MemberShown, type UsingMember } from './member-analytics.ts';
import { Measures } from './used.ts';

const MEASURES = Object.keys(Measures.shape) as (keyof Measures)[];

const LINE_END = '\r\n';

export async function activityCsv(databases: Databases, query: ActivityQuery): Promise<Response> {
  const { spans, groupBy } = query;
  const encoder = new TextEncoder();
  let next = 0;
  const part = async () => {
    const some = spans.slice(next, next + LIMITS.analyticsExportSpans);
    next += some.length;
    return activity(databases, { ...query, spans: some, limit: Number.POSITIVE_INFINITY });
  };
  // Before the answer begins: it says how fresh it is, and a failure has a status.
  let read = await part();
  const freshness = read;
  let text = csvLine(['date', groupBy, 'label', ...MEASURES]) + LINE_END;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      text += linesOf(read.activity);
      controller.enqueue(encoder.encode(text));
      if (next >= spans.length) return controller.close();
      text = '';
      read = await part();
    },
  });
  return csvResponse(stream, 'activity', freshness);
}

function linesOf(days: z.infer<typeof Activity>['activity']): string {
  const lines = days.flatMap(({ date, breakdown, ...whole }) =>
    breakdown.length === 0
      ? [csvLine([date, null, null, ...cells(whole)])]
      : breakdown.map((row) => csvLine([date, row.key, row.label, ...cells(row)])),
  );
  return lines.map((line) => line + LINE_END).join('');
}

/** What each member used. `rows` as the API tells them. */
export function membersCsv(rows: readonly z.infer<typeof UsingMember>[], freshness: Freshness): Response {
  const names = [...Object.keys(MemberShown.shape), 'apiKeyCount'] as (keyof z.infer<typeof MemberShown>)[];
  const lines = rows.map((row) => csvLine([...names.map((name) => row[name]), ...cells(row)]));
  const text = [csvLine([...names, ...MEASURES]), ...lines].map((line) => line + LINE_END).join('');
  return csvResponse(text, 'members', freshness);
}

function cells(usage: Measures) {
  return MEASURES.map((name) => {
    const value = usage[name];
    return typeof value === 'string' ? { amount: value } : value;
  });
}

function csvResponse(body: BodyInit, name: string, { rolledUpTo, backfilledUpTo }: Freshness): Response {
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}.csv"`,
      'x-rolled-up-to': rolledUpTo,
      ...(backfilledUpTo !== null && { 'x-backfilled-up-to': backfilledUpTo }),
    },
  });
}
