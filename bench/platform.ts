/** What the counted work of a request means on Cloudflare's platform: calls a second, and dollars. */
import type { Counted, CountedWork } from './counts.ts';
import { table } from './table.ts';

/** Dollars per million, Workers Paid, beyond what is included; as published in November 2026. */
const PRICES = {
  workerRequest: 0.3,
  workerCpuMs: 0.02,
  objectRequest: 0.15,
  objectRowWritten: 1,
  /** Billed for 128 MB, whatever is used. */
  objectGbSecond: 12.5,
  d1RowWritten: 1,
};
const OBJECT_GB = 0.128;

/** What one object is said to take a second: Cloudflare's soft limit, and what is left of it where calls write. */
const OBJECT_CALLS_PER_SECOND = { most: 1_000, writing: 200 };

interface Work {
  calls: number;
  rows: number;
  d1Rows: number;
  awakeMs: number;
}

export function platformText(work: CountedWork, cpuUs: number | null): string {
  const perRequest = work.ways.map((way) => ({ name: way.name, work: workOf(way) }));
  const line = (what: string, value: (work: Work) => string) => [
    `  ${what}`,
    ...perRequest.map(({ work: one }) => value(one)),
  ];
  const dollars = (amount: (work: Work) => number) => (one: Work) => `$${amount(one).toFixed(2)}`;
  const cpuMs = (cpuUs ?? 0) / 1000;
  const parts = {
    worker: () => PRICES.workerRequest,
    cpu: () => cpuMs * PRICES.workerCpuMs,
    calls: (one: Work) => one.calls * PRICES.objectRequest,
    rows: (one: Work) => one.rows * PRICES.objectRowWritten,
    awake: (one: Work) => (one.awakeMs / 1000) * OBJECT_GB * PRICES.objectGbSecond,
    d1: (one: Work) => one.d1Rows * PRICES.d1RowWritten,
  };
  const total = (one: Work) => Object.values(parts).reduce((sum, part) => sum + part(one), 0);
  const names = ['now and then', 'busy', 'hot'];
  const lines = [
    ['', ...perRequest.map((_, i) => names[i] ?? '')],
    ['Counted, per request'],
    line('object calls', ({ calls }) => calls.toFixed(2)),
    line('rows written by objects', ({ rows }) => rows.toFixed(2)),
    line('rows written in D1', ({ d1Rows }) => d1Rows.toFixed(2)),
    line('object awake', ({ awakeMs }) => `${awakeMs.toFixed(2)} ms`),
    ['On the platform: requests a second of one member'],
    line(`at ${OBJECT_CALLS_PER_SECOND.most} calls a second`, (one) => perSecond(OBJECT_CALLS_PER_SECOND.most, one)),
    line(`at ${OBJECT_CALLS_PER_SECOND.writing} calls a second`, (one) =>
      perSecond(OBJECT_CALLS_PER_SECOND.writing, one),
    ),
    ['On the platform: dollars per million requests'],
    line(`Worker requests, $${PRICES.workerRequest}`, dollars(parts.worker)),
    line(`Worker CPU, ${cpuMs.toFixed(2)} ms, $${PRICES.workerCpuMs}`, dollars(parts.cpu)),
    line(`object requests, $${PRICES.objectRequest}`, dollars(parts.calls)),
    line(`object row writes, $${PRICES.objectRowWritten.toFixed(2)}`, dollars(parts.rows)),
    line(`object awake, $${PRICES.objectGbSecond} a million GB s`, dollars(parts.awake)),
    line(`D1 row writes, $${PRICES.d1RowWritten.toFixed(2)}`, dollars(parts.d1)),
    line('together', dollars(total)),
  ];
  return `${table(lines)}

${work.ways.map(({ name, requests }, i) => `${names[i]}: ${name}, ${requests} requests.`).join(' ')}
Counted in a pass of its own, by counters put around the same Worker: rows are what SQLite and D1 say they wrote, an
alarm that is set is billed as a row, one that runs as a call. Shipped by alarm, rolled up once. An object is awake while
a call runs in it or its timer is pending; the upstream answers at once here. CPU is this machine's, objects included.`;
}

function workOf({ requests, counts }: Counted): Work {
  const calls = Object.values(counts.calls).reduce((sum, made) => sum + made, 0);
  return {
    calls: calls / requests,
    rows: (counts.objectRows + counts.alarmsSet) / requests,
    d1Rows: counts.d1.rowsWritten / requests,
    awakeMs: counts.awakeMs / requests,
  };
}

function perSecond(calls: number, work: Work): string {
  return Math.round(calls / work.calls).toLocaleString('en-US');
}
