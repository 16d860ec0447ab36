/**
 * Purser's local build with a route beside it that its bench alone asks (rollups.ts): events are made and shipped, or
 * rolled up, inside workerd, as objects and crons do it.
 */
import * as local from '../src/local/worker.ts';
import { rollUp } from '../src/usage/rollups.ts';
import { shipEvents } from '../src/usage/shipping.ts';
import { countD1, type D1Counts, NO_D1_COUNTS } from '../test/support/d1-counts.ts';
import { type BenchOrganization, eventsOf } from './usage-events.ts';

export * from '../src/local/worker.ts';

/** POST /bench/usage: ships these events of that member of the organization; with null rolls up. */
export interface Shipment {
  organization: BenchOrganization;
  member: number;
  /** From this number of its sequence on, so many at a time, so many times. */
  first: number;
  events: number;
  batches: number;
}

/** What it answers: what D1 was asked since this Worker began, and of a rollup how many events still wait. */
export interface Done extends D1Counts {
  waiting: number;
}

let counts: D1Counts | null = null;

function count(db: D1Database): D1Counts {
  if (counts) return counts;
  const sums = { ...NO_D1_COUNTS };
  counts = sums;
  countD1(db, (added) => {
    for (const name of Object.keys(sums) as (keyof D1Counts)[]) sums[name] += added[name];
  });
  return sums;
}

async function ship(db: D1Database, { organization, member, first, events, batches }: Shipment) {
  const { organizationId } = organization;
  const memberId = `mem_${organizationId}_${member}`;
  for (let batch = 0; batch < batches; batch++) {
    const some = eventsOf(organization, member, first + batch * events, events);
    await shipEvents(db, { memberId, organizationId }, some);
  }
  return { waiting: 0 };
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname !== '/bench/usage') return local.default.fetch(request, env, ctx);
    const sums = count(env.DB);
    const body = await request.json<Shipment | null>();
    const { waiting } = body ? await ship(env.DB, body) : await rollUp(env.DB, Date.now());
    return Response.json({ ...sums, waiting } satisfies Done);
  },
  scheduled: local.default.scheduled,
} satisfies ExportedHandler<Env>;
