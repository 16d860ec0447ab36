/**
 * What is likely in one episode. Each episode draws its own: a bug that needs three rare things at once is found where two
 * of them are frequent.
 */
import { LIMITS } from '../src/limits.ts';
import type { SeededRandom } from '../src/local/demo-random.ts';

export interface Profile {
  members: number;
  keysPerMember: number;
  /** Holds are kept near the limit; else there is room for all. */
  tight: boolean;
  /** Whether the organization's credit is spent as well; changes: it is turned on and off. */
  metering: 'off' | 'on' | 'changes';
  /** Period limits, and pauses as long as their windows. */
  windows: boolean;
  /** No provider charges more than its hold; some do where this is false. */
  honest: boolean;
  /**
   * Clocks of objects are at most so far from the true time. Up to CLOCK_FAIR_MS the fence must hold, whatever else
   * happens: hold and ghost outlive their Worker by more than that.
   */
  clockErrorMsMax: number;
  lossRate: number;
  repeatRate: number;
  /** Messages that take more than a few milliseconds. */
  delayRate: number;
  /** By step. */
  crashRate: number;
  supersedeRate: number;
  evictRate: number;
  clockJumpRate: number;
  policyRate: number;
  /** Top-ups and refunds, beside those that help who was refused. */
  creditRate: number;
  /** When a member was refused for a while: that its owner changes something. */
  reliefRate: number;
  lookRate: number;
  d1OutageRate: number;
  /** By attempt. */
  deathRate: number;
  /** Workers that stand still for a while, and then go on as if nothing had been. */
  freezeRate: number;
  /** Attempts ask for a third of the budget, or for a part of that: at least one of so many. */
  smallest: number;
  /** Requests come for so many steps. Faults go on after them: what is left expires, dissolves and ships meanwhile. */
  requestStepsMax: number;
  /** Between two attempts, mostly less. */
  pauseMsMax: number;
  /** How slow a disk may be: a commit comes so late at most. */
  commitMsMax: number;
  /** The same from now on: at the end disks are quick, or a wallet would give up waiting for every answer. */
  commitMsMaxNow: number;
  timersLateMsMax: number;
  alarmLateMsMax: number;
  supersededMsMax: number;
}

/** What the holds' grace leaves for clocks, superseded instances and late settlements together is at least this. */
export const CLOCK_FAIR_MS = LIMITS.holdGraceMs / 6;

/** What a healthy disk takes at most. */
export const QUICK_COMMIT_MS = 20;

export function drawProfile(random: SeededRandom): Profile {
  const often = (rate: number) => (random.fraction() < 0.6 ? rate * random.fraction() : 0);
  const fair = random.fraction() < 0.85;
  const windows = random.fraction() < 0.3;
  const profile = {
    members: random.mostlySmall(1, 3),
    keysPerMember: random.between(1, 3),
    tight: random.fraction() < 0.85,
    metering: drawMetering(random),
    windows,
    honest: random.fraction() < 0.7,
    clockErrorMsMax: fair ? Math.round(often(CLOCK_FAIR_MS)) : 2 * LIMITS.holdGraceMs,
    lossRate: often(0.08),
    repeatRate: random.fraction() < 0.1 ? 0.5 : often(0.1),
    delayRate: random.fraction() < 0.1 ? 0.6 : often(0.2),
    crashRate: often(0.04),
    supersedeRate: often(0.02),
    evictRate: often(0.02),
    clockJumpRate: often(0.01),
    policyRate: often(0.02),
    creditRate: often(0.01),
    reliefRate: often(0.2),
    lookRate: often(0.02),
    d1OutageRate: often(0.005),
    deathRate: often(0.2),
    freezeRate: often(0.1),
    smallest: random.fraction() < 0.6 ? 67 : 2_000,
    requestStepsMax: random.between(100, 500),
    pauseMsMax: 10 ** (1 + 2.5 * random.fraction()),
    commitMsMax: random.fraction() < 0.8 ? QUICK_COMMIT_MS : 2_000,
    timersLateMsMax: random.fraction() < 0.8 ? 20 : 1_000,
    alarmLateMsMax: random.fraction() < 0.7 ? 100 : 20_000,
    supersededMsMax: CLOCK_FAIR_MS,
  };
  return { ...profile, commitMsMaxNow: profile.commitMsMax };
}

function drawMetering(random: SeededRandom): Profile['metering'] {
  const dice = random.fraction();
  if (dice < 0.6) return 'off';
  return dice < 0.9 ? 'on' : 'changes';
}
