/**
 * `npm run bench -- crash`: SIGKILL of the whole of workerd (Worker, objects, D1) at random moments under load, many
 * times, each time started again on the same data. Then everything is given the time to end, Purser is restarted in order,
 * and what the upstream made is compared with what Purser booked.
 *
 * What was settled is seen from outside: each member's spending is read all the time, by GET /v1/key, and a sum that was
 * once told must never be less later. A process is killed, not the machine: what the system had taken for the disk stays.
 */
import { Agent } from 'node:http';
import type { Server } from '../scripts/server.ts';
import { SeededRandom } from '../src/local/demo-random.ts';
import { insertOrganization, type Seeded } from '../test/support/organization.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { type CrashedMember, describeCrash } from './crash-report.ts';
import { openGround } from './ground.ts';
import { describeMachine, machineText } from './machine.ts';
import { bookedOf, spentOf, usdOf, whenNothingIsHeld } from './truth/books.ts';
import { makeCall } from './truth/caller.ts';
import { billsOf, type Tried } from './truth/compare.ts';
import { type MixOptions, planCall } from './truth/mix.ts';
import { whenAllEnded } from './truth/play.ts';

/** How long it lives between two deaths, under load: from its first answer on. */
const LIFE_MS = { min: 50, max: 5_000 };
const LOOPS_PER_MEMBER = 8;
const READ_EVERY_MS = 50;
/** A client that was refused, or found nobody, tries again with another call. */
const PAUSE_MS = { refused: 300, nobody: 50 };
const RESTART_MS_MAX = 60_000;
const HOLD_TTL_MS = 3_000;
/** Ttl and grace of a hold, the same again of a ghost, and time for the alarm. */
const HELD_MS_MAX = 4 * HOLD_TTL_MS + 15_000;

/** In calls' worth: one that is exhausted soon, one that is on the way, one that never is. */
const CAPS = [200, 1_000, 1_000_000];
/**
 * Nobody asks for all the output there is: where it cannot be watched, one such call, killed, is charged in full, as it
 * must be, and exhausts these caps alone.
 */
const MIX: MixOptions = { dishonest: false, faults: 0.06, hangUps: 0.1, asksForMost: 0, textTokensMax: 200 };
/** About what one call of that mix costs. */
const CALL_NANOS = 90_000;

interface Caller {
  member: Seeded;
  capNanos: number;
  tries: Tried[];
  /** The most that it was ever told to have spent. */
  spentNanos: number;
  lost: { kill: number; fromNanos: number; toNanos: number }[];
  reads: number;
}

export async function crash({ seed, kills, say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const startedAtMs = Date.now();
  const ground = await openGround({
    folder: 'bench-crash',
    upstream: './truth/upstream.ts',
    bindings: { HOLD_TTL_MS: String(HOLD_TTL_MS) },
    crons: false,
    say: (line) => line.startsWith('worker') || say(line),
  });
  const random = new SeededRandom(seed);
  const members: CrashedMember[] = [];
  let deadMs = 0;
  try {
    const callers: Caller[] = [];
    for (const cap of CAPS) callers.push(await callerWith(ground.server, cap * CALL_NANOS));
    const load = underLoad(ground.server.url, callers, random, signal);
    for (let kill = 1; kill <= kills; kill++) {
      await pause(random.between(LIFE_MS.min, LIFE_MS.max));
      signal.throwIfAborted();
      load.kills = kill;
      ground.runtimes.next().kill('SIGKILL');
      const diedAtMs = Date.now();
      await answers(ground.server.url, signal);
      deadMs += Date.now() - diedAtMs;
      if (kill % 5 === 0) say(`  killed ${kill} of ${kills} times, ${load.made()} calls made`);
    }
    await load.stop();
    say('Letting every hold end, and restarting in order ...');
    const calls = await whenAllEnded(ground, signal);
    for (const { member } of callers) await whenNothingIsHeld(ground.server.url, member, HELD_MS_MAX, signal);
    await ground.restart();
    for (const { member, capNanos, tries, lost, spentNanos, reads } of callers) {
      const health = await whenNothingIsHeld(ground.server.url, member, HELD_MS_MAX, signal);
      const booked = await bookedOf(ground.server, member);
      const spentAfterNanos = await spentOf(ground.server.url, member);
      if (spentAfterNanos < spentNanos) lost.push({ kill: kills, fromNanos: spentNanos, toNanos: spentAfterNanos });
      const bills = billsOf(tries, calls, booked);
      const named = new Set(tries.map(({ told }) => told.requestId));
      const nameless = [...booked.values()].filter(({ requestId }) => !named.has(requestId));
      const namelessNanos = nameless.reduce((sum, { unresolvedNanos }) => sum + unresolvedNanos, 0);
      members.push({
        capNanos,
        namelessNanos,
        health,
        bills,
        booked: [...booked.values()],
        lost,
        reads,
        spentAfterNanos,
      });
    }
  } finally {
    await ground.stop();
  }
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  const { text, broken } = describeCrash(members, kills);
  const again = `${kills} kills in ${seconds} s, ${Math.round(deadMs / kills)} ms without an answer after each. Again: npm run bench -- crash --seed ${seed} --kills ${kills}`;
  return {
    text: [`${machineText(machine)}, seed ${seed}`, text, again].join('\n\n'),
    json: { bench: 'crash', machine, seed, members },
    broken,
  };
}

async function callerWith({ db, keySecret }: Server, capNanos: number): Promise<Caller> {
  const budget = { usageLimit: usdOf(capNanos), usageLimitBasis: 'lifetime' as const };
  const member = await insertOrganization(db, keySecret, { budget });
  return { member, capNanos, tries: [], spentNanos: 0, lost: [], reads: 0 };
}

interface LoadOfCalls {
  /** How often it was killed so far; for the record of what was lost. */
  kills: number;
  made(): number;
  /** Ends when the last call has. */
  stop(): Promise<void>;
}

/** Every member calls all the time, and its spending is read all the time, whoever may be there to answer. */
function underLoad(url: string, callers: readonly Caller[], random: SeededRandom, signal: AbortSignal): LoadOfCalls {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  let stopped = false;
  const goesOn = () => !stopped && !signal.aborted;
  const loop = async (caller: Caller, name: string) => {
    for (let i = 0; goesOn(); i++) {
      const plan = planCall(random, MIX);
      const call = `${name}-${i}`;
      const told = await makeCall({ url, apiKey: caller.member.apiKey, requestId: call, plan, agent });
      caller.tries.push({ name: call, plan, told });
      if (told.status === null) await pause(PAUSE_MS.nobody);
      else if (told.status !== 200) await pause(PAUSE_MS.refused);
    }
  };
  const read = async (caller: Caller) => {
    for (; goesOn(); await pause(READ_EVERY_MS)) {
      const spent = await spentOf(url, caller.member).catch(() => null);
      if (spent === null) continue;
      caller.reads += 1;
      if (spent < caller.spentNanos) {
        caller.lost.push({ kill: load.kills, fromNanos: caller.spentNanos, toNanos: spent });
      }
      caller.spentNanos = Math.max(caller.spentNanos, spent);
    }
  };
  const ended = Promise.all(
    callers.flatMap((caller, i) => [
      read(caller),
      ...Array.from({ length: LOOPS_PER_MEMBER }, (_, k) => loop(caller, `m${i}-${k}`)),
    ]),
  );
  // Whoever stops it hears of it; until then nobody waits for it.
  ended.catch(() => undefined);
  const load: LoadOfCalls = {
    kills: 0,
    made: () => callers.reduce((sum, { tries }) => sum + tries.length, 0),
    async stop() {
      stopped = true;
      await ended;
    },
  };
  return load;
}

/** Waits until it answers again. */
async function answers(url: string, signal: AbortSignal): Promise<void> {
  const giveUpAt = Date.now() + RESTART_MS_MAX;
  for (;;) {
    signal.throwIfAborted();
    try {
      if ((await fetch(`${url}/health`)).ok) return;
    } catch {
      // Nobody there yet.
    }
    if (Date.now() > giveUpAt) throw new Error(`Purser did not answer again within ${RESTART_MS_MAX / 1000} s`);
    await pause(20);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
