/**
 * `npm run bench -- streams`: five hundred streams of a minute at once in one workerd. Each must come whole, to its last word and
 * its cost; what is measured is the memory of workerd, before, after 10 s and at the end.
 */

import { MODEL } from './answers.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { makeMembers, manage, openGround } from './ground.ts';
import { type Call, load } from './load.ts';
import { describeMachine, machineText } from './machine.ts';
import { costNanosOf, PACE_MS, textOf } from './paced-answers.ts';
import { runtimeOf } from './runtimes.ts';
import { table } from './table.ts';
import { callOf, readStream } from './traffic.ts';

const STREAMS = 500;
const STREAM_MS = 60_000;
const MEMBERS = 50;
const EARLY_MS = 10_000;
/** Just before the first streams end. */
const LATE_MS = STREAM_MS - 1_000;
const BYTES_A_STREAM_MAX = 200_000;
const GROWTH_MAX = 0.1;
const WARM_UP_STREAMS = 50;
const WARM_UP_TOKENS = 10;

export async function streams({ say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const ground = await openGround({
    folder: 'bench-streams',
    upstream: './paced-upstream.ts',
    crons: true,
    say,
  });
  const runtime = runtimeOf(ground.runtimes.next());
  const broken: string[] = [];
  const memory: Record<'before' | 'early' | 'late', number> = { before: 0, early: 0, late: 0 };
  let differs: unknown;
  let costNanos = 0;
  try {
    const members = await makeMembers(ground.server, MEMBERS, { budget: { usageLimit: '100' } });
    const side = { name: 'purser', url: ground.server.url, headers: {} } as const;
    const play = (count: number, tokens: number) => {
      let begun = 0;
      const next = (): Call | null => {
        if (begun >= count) return null;
        const member = members[begun++ % members.length];
        return callOf(pacedStream(tokens), side, member?.apiKey ?? '');
      };
      return load({ connections: count, forMs: Number.POSITIVE_INFINITY, next, signal });
    };
    say(`Warming up with ${WARM_UP_STREAMS} short streams ...`);
    const warm = await play(WARM_UP_STREAMS, WARM_UP_TOKENS);
    memory.before = runtime.rssBytes();
    say(`${STREAMS} streams of ${STREAM_MS / 1000} s ...`);
    const looks = (['early', 'late'] as const).map((when) =>
      setTimeout(() => (memory[when] = runtime.rssBytes()), when === 'early' ? EARLY_MS : LATE_MS),
    );
    const cpuBefore = runtime.cpuMs() ?? 0;
    try {
      const played = await play(STREAMS, STREAM_MS / PACE_MS);
      costNanos = warm.costNanos + played.costNanos;
    } catch (error) {
      broken.push(`a stream did not come whole: ${error instanceof Error ? error.message : error}`);
    }
    for (const look of looks) clearTimeout(look);
    say(`CPU of workerd: ${(((runtime.cpuMs() ?? 0) - cpuBefore) / 1000).toFixed(1)} s`);
    const [member] = members;
    if (!member) throw new Error('no member');
    await manage(ground.server.url, member, 'POST', 'rollups');
    ({ difference: differs } = await manage(ground.server.url, member, 'GET', 'health?prove=now'));
    const { results } = await ground.server.db
      .prepare('SELECT CAST(SUM(cost) AS TEXT) AS cost FROM usage_events')
      .all<{ cost: string }>();
    const booked = Number(results[0]?.cost ?? 0);
    if (booked !== costNanos) broken.push(`${booked} nanodollars are booked, not ${costNanos}`);
  } finally {
    await ground.stop();
  }
  const { before, early, late } = memory;
  const perStream = (Math.max(early, late) - before) / STREAMS;
  const growth = late / early - 1;
  if (perStream > BYTES_A_STREAM_MAX) broken.push(`a stream takes ${Math.round(perStream / 1000)} KB of memory`);
  if (growth > GROWTH_MAX) broken.push(`memory grows by ${(growth * 100).toFixed(1)} % between 10 s and 60 s`);
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const text = table([
    ['workerd, before', mb(before)],
    ['after 10 s', mb(early)],
    ['after 60 s', mb(late)],
    ['growth from 10 s to 60 s', `${(growth * 100).toFixed(1)} %`],
    ['a stream', `${(perStream / 1000).toFixed(0)} KB`],
  ]);
  const meaning = `${STREAMS} streams of ${STREAM_MS / 1000} s at once, ${1000 / PACE_MS} tokens a second each, ${MEMBERS} members with a budget: ${broken.length === 0 ? 'all came whole, and the books agree.' : 'see below.'}
Promised: at most ${BYTES_A_STREAM_MAX / 1000} KB a stream, and after 60 s within ${GROWTH_MAX * 100} % of what it was after 10 s.`;
  return {
    text: [machineText(machine), text, meaning, ...broken].join('\n\n'),
    json: { bench: 'streams', machine, memory, perStream, growth, differs },
    broken,
  };
}

function pacedStream(tokens: number) {
  const body = JSON.stringify({
    model: MODEL,
    messages: [{ role: 'user', content: 'Take your time.' }],
    max_tokens: tokens,
    stream: true,
    stream_options: { include_usage: true },
  });
  return {
    body,
    upstream: true,
    estimated: false,
    check(_side: unknown, { status, body: said }: { status: number; body: string }) {
      if (status !== 200) throw new Error(`status ${status}: ${said.slice(0, 300)}`);
      const { text, usage } = readStream(said);
      if (text !== textOf(tokens)) throw new Error(`other words than were sent: ${text.slice(-100)}`);
      const cost = Math.round(Number(usage?.cost) * 1e9);
      if (cost !== costNanosOf(tokens)) throw new Error(`a cost of ${usage?.cost}`);
      return cost;
    },
  };
}
