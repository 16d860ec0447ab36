/**
 * Analytics as CSV: one line for each day or hour and row of its breakdown, all rows and not only the dearest. A day of
 * which there is nothing has one line too. It is read and sent some days at a time, so that no file is held whole.
 */
import type { z } from '@hono/zod-openapi';
import { csvLine } from '../csv.ts';
import { LIMITS } from '../limits.ts';
import { type ActivityQuery, activity, type Databases } from './analytics.ts';
import { MemberShown, type UsingMember } from './member-analytics.ts';
import { Measures } from './used.ts';

const MEASURES = Object.keys(Measures.shape) as (keyof Measures)[];

const LINE_END = '\r\n';

export function activityCsv(databases: Databases, query: ActivityQuery): Response {
  const { spans, groupBy } = query;
  const encoder = new TextEncoder();
  let next = 0;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(csvLine(['date', groupBy, 'label', ...MEASURES]) + LINE_END));
    },
    async pull(controller) {
      const some = spans.slice(next, next + LIMITS.analyticsExportSpans);
      next += some.length;
      const read = await activity(databases, { ...query, spans: some, limit: Number.POSITIVE_INFINITY });
      const lines = read.activity.flatMap(({ date, breakdown, ...whole }) =>
        breakdown.length === 0
          ? [csvLine([date, null, null, ...cells(whole)])]
          : breakdown.map((row) => csvLine([date, row.key, row.label, ...cells(row)])),
      );
      controller.enqueue(encoder.encode(lines.map((line) => line + LINE_END).join('')));
      if (next >= spans.length) controller.close();
    },
  });
  return csvResponse(stream, 'activity');
}

/** What each member used. `rows` as the API tells them. */
export function membersCsv(rows: readonly z.infer<typeof UsingMember>[]): Response {
  const names = [...Object.keys(MemberShown.shape), 'apiKeyCount'] as (keyof z.infer<typeof MemberShown>)[];
  const lines = rows.map((row) => csvLine([...names.map((name) => row[name]), ...cells(row)]));
  return csvResponse([csvLine([...names, ...MEASURES]), ...lines].map((line) => line + LINE_END).join(''), 'members');
}

function cells(usage: Measures) {
  return MEASURES.map((name) => {
    const value = usage[name];
    return typeof value === 'string' ? { amount: value } : value;
  });
}

function csvResponse(body: BodyInit, name: string): Response {
  return new Response(body, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}.csv"`,
    },
  });
}
