/**
 * How long a relay waits for what. The times are those of src/limits.ts, of which a deployment may set two: how long a provider may
 * be silent, and how long it may take in all.
 */
import { LIMITS } from '../limits.ts';

export interface RelayTimes {
  firstByteMsMax: number;
  pingMs: number;
  upstreamIdleMsMax: number;
  upstreamTotalMsMax: number;
  clientIdleMsMax: number;
  drainMs: number;
}

type Setting = 'UPSTREAM_IDLE_SECONDS' | 'UPSTREAM_TOTAL_SECONDS';

/** Throws where a setting is no number of seconds: a deployment's mistake. */
export function relayTimes(env: Pick<Env, Setting>): RelayTimes {
  if (env.UPSTREAM_IDLE_SECONDS === undefined && env.UPSTREAM_TOTAL_SECONDS === undefined) return LIMITS;
  return {
    ...LIMITS,
    upstreamIdleMsMax: msOf(env, 'UPSTREAM_IDLE_SECONDS', LIMITS.upstreamIdleMsMax),
    upstreamTotalMsMax: msOf(env, 'UPSTREAM_TOTAL_SECONDS', LIMITS.upstreamTotalMsMax),
  };
}

function msOf(env: Pick<Env, Setting>, name: Setting, byDefault: number): number {
  const text = env[name];
  if (text === undefined) return byDefault;
  const seconds = Number(text);
  const max = LIMITS.upstreamTotalMsMax / 1_000;
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= max) return seconds * 1_000;
  throw new Error(`${name} must be a whole number of seconds from 1 to ${max}, not "${text}"`);
}
