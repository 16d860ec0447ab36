/** Plays planned calls against Purser, and puts side by side what the clients, the upstream and Purser's books say. */
import { Agent } from 'node:http';
import type { Seeded } from '../../test/support/organization.ts';
import { messageOf } from '../children.ts';
import type { Ground } from '../ground.ts';
import { bookedOf, type Health, whenNothingIsHeld } from './books.ts';
import { makeCall } from './caller.ts';
import type { TrueCall } from './calls.ts';
import { type Bill, type Booked, billsOf, type Tried } from './compare.ts';
import type { Plan } from './mix.ts';

/** A client that is told to wait tries again so often, each time after twice as long. */
const TRIES_MAX = 5;

export interface Played {
  tries: Tried[];
  calls: TrueCall[];
  bills: Bill[];
  booked: Booked[];
  /** After everything ended and every hold had the time to end. */
  health: Health;
}

export interface PlayOptions {
  ground: Ground;
  member: Seeded;
  plans: readonly Plan[];
  /** How many calls run at once. */
  atOnce: number;
  /** Begins the names of the calls. */
  name: string;
  /** How long a hold that nobody resolves may take to end. */
  heldMsMax: number;
  signal: AbortSignal;
}

export async function play({ ground, member, plans, atOnce, name, heldMsMax, signal }: PlayOptions): Promise<Played> {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  const { server } = ground;
  const tries: Tried[] = [];
  let next = 0;
  const loop = async () => {
    for (let plan = plans[next]; plan; plan = plans[next]) {
      const call = `${name}-${next++}`;
      for (let i = 0; i < TRIES_MAX; i++) {
        signal.throwIfAborted();
        const told = await makeCall({ url: server.url, apiKey: member.apiKey, requestId: `${call}-${i}`, plan, agent });
        tries.push({ name: call, plan, told });
        if (told.status !== 429 && told.status !== 503) break;
        await new Promise((resolve) => setTimeout(resolve, told.retryAfterMs * 2 ** i));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  const calls = await whenAllEnded(ground, signal);
  const health = await whenNothingIsHeld(server.url, member, heldMsMax, signal);
  const booked = await bookedOf(server, member);
  return { tries, calls, bills: billsOf(tries, calls, booked), booked: [...booked.values()], health };
}

/** The upstream's count, once it has ended everything. */
export async function whenAllEnded({ upstream }: Ground, signal: AbortSignal): Promise<TrueCall[]> {
  const ended = new Map<string, TrueCall>();
  for (;;) {
    signal.throwIfAborted();
    upstream.send('calls?');
    const { calls } = (await messageOf(upstream, 'the upstream')) as { calls: TrueCall[] };
    for (const call of calls) ended.set(call.call, call);
    if (calls.every((call) => call.endedAtMs !== null)) return [...ended.values()];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
