/**
 * The life of a video in plain Node, over a real ledger: what it is charged, whatever fails, comes twice or dies on the way. It holds
 * $0.40, for four seconds at $0.10.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UsageEvent } from '../../../src/budgets/usage-event.ts';
import {
  type Begun,
  type KeptVideo,
  VideoLife,
  type VideoPorts,
  type VideoStore,
} from '../../../src/gateway/videos/life.ts';
import type { Polled, UpstreamVideo } from '../../../src/gateway/videos/upstream.ts';
import { DAY_MS, HOUR_MS, LIMITS, MINUTE_MS } from '../../../src/limits.ts';
import { DEMO_VIDEO } from '../../../src/local/demo-videos.ts';
import { ABOUT } from '../../support/about.ts';
import { LedgerWorld, limits } from '../../support/ledger-world.ts';

vi.spyOn(console, 'warn').mockImplementation(() => undefined);
vi.spyOn(console, 'error').mockImplementation(() => undefined);
afterEach(() => vi.clearAllMocks());

const CENTS = 10_000_000;
const FOUR_SECONDS = 40 * CENTS;

const AT_WORK: UpstreamVideo = {
  id: 'up-1',
  status: 'in_progress',
  progress: 0,
  seconds: 4,
  size: '720x1280',
  expiresAt: null,
  error: null,
};
const DONE: UpstreamVideo = { ...AT_WORK, status: 'completed', progress: 100 };
const FAILED: UpstreamVideo = { ...AT_WORK, status: 'failed', error: { code: 'moderation_blocked', message: 'no' } };

type Call = 'renew' | 'settle' | 'poll' | 'cancel' | 'write';
/** What becomes of a call: it is made, it never arrives, or it is made and its answer is lost. */
type Fate = 'made' | 'down' | 'answer lost';

class Crash extends Error {}

/** A video, its object's disk and alarm, the ledger of its member, and a provider that goes by the clock. */
class VideoWorld implements VideoStore {
  readonly money = new LedgerWorld({ limits: limits(100 * CENTS) });
  readonly beganAtMs = this.money.nowMs;
  kept: KeptVideo | null = null;
  wakeAtMs = Number.POSITIVE_INFINITY;
  /** What the provider says, so long after the beginning. */
  says: (afterMs: number) => Polled = () => ({ video: AT_WORK });
  fate: (call: Call, afterMs: number) => Fate = () => 'made';
  /** The object dies at this step; each call has one before it and one after. */
  diesAtStep = Number.POSITIVE_INFINITY;
  steps = 0;
  readonly calls: Record<Call, number> = { renew: 0, settle: 0, poll: 0, cancel: 0, write: 0 };
  life: VideoLife;
  #died: () => void = () => undefined;

  constructor(first: UpstreamVideo = AT_WORK) {
    this.life = new VideoLife(this, this.#ports());
    this.life.begin(this.begun(first));
    this.steps = 0;
  }

  begun(first: UpstreamVideo): Begun {
    const admission = this.money.authorize(FOUR_SECONDS, { asRow: true });
    if (!admission.granted) throw new Error('refused');
    const [price = null] = DEMO_VIDEO.prices;
    const asked = { seconds: 4, size: '720x1280', price };
    return {
      videoId: 'video_1',
      memberId: 'mem_a',
      ticket: admission.ticket,
      about: ABOUT,
      provider: 'demo',
      first,
      ...asked,
    };
  }

  get afterMs(): number {
    return this.money.nowMs - this.beganAtMs;
  }

  read(): KeptVideo | null {
    return structuredClone(this.kept);
  }

  write(kept: KeptVideo, wakeAtMs: number): void {
    this.calls.write += 1;
    this.#step();
    this.kept = structuredClone(kept);
    this.wakeAtMs = wakeAtMs;
    this.#step();
  }

  clear(): void {
    this.kept = null;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
  }

  /** Lets the time pass, alarm by alarm, until it has ended or so long has passed. */
  async pass(ms: number = HOUR_MS): Promise<void> {
    const untilMs = this.money.nowMs + ms;
    while (this.kept && this.kept.phase.kind !== 'ended') {
      const wakeAtMs = Math.max(this.money.nowMs + 1, this.wakeAtMs);
      if (wakeAtMs > untilMs) break;
      this.money.nowMs = wakeAtMs;
      this.money.ledger.expireHolds();
      await this.alarm();
    }
    if (this.kept?.phase.kind !== 'ended') this.money.nowMs = untilMs;
    this.money.ledger.expireHolds();
  }

  /** The object dies with what it was about; another begins with its disk. */
  async alarm(): Promise<void> {
    const died = new Promise<void>((resolve) => {
      this.#died = resolve;
    });
    const worked = this.life.work().catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    await Promise.race([worked, died]);
    if (this.steps >= this.diesAtStep) {
      this.diesAtStep = Number.POSITIVE_INFINITY;
      this.life = new VideoLife(this, this.#ports());
    }
  }

  events(): UsageEvent[] {
    return this.money.ledger.unshipped();
  }

  #ports(): VideoPorts {
    return {
      now: () => this.money.nowMs,
      renew: (_, request) => this.#call('renew', () => this.money.ledger.extend(request, 'asked')),
      settle: (_, request) => this.#call('settle', () => this.money.ledger.settle(request)),
      poll: () => this.#call('poll', () => this.says(this.afterMs)).catch(() => ({ failure: 'down' })),
      cancel: () => this.#call('cancel', () => true).catch(() => false),
    };
  }

  async #call<T>(call: Call, make: () => T): Promise<T> {
    this.calls[call] += 1;
    const fate = this.fate(call, this.afterMs);
    await this.#stepOrNever();
    if (fate === 'down') throw new Error('unreachable');
    const answer = make();
    await this.#stepOrNever();
    if (fate === 'answer lost') throw new Error('no answer');
    return answer;
  }

  /** A call of a dead object never comes back to it. */
  async #stepOrNever(): Promise<void> {
    try {
      this.#step();
    } catch {
      this.#died();
      await new Promise<never>(() => undefined);
    }
  }

  #step(): void {
    this.steps += 1;
    if (this.steps === this.diesAtStep) throw new Crash();
  }
}

const doneAfter = (ms: number) => (afterMs: number) => ({ video: afterMs >= ms ? DONE : AT_WORK });

const shape = (events: UsageEvent[]) =>
  events.map(({ outcome, costNanos, estimated, overrunNanos }) => [
    outcome,
    costNanos / CENTS,
    estimated,
    overrunNanos,
  ]);

describe('a video that is made', () => {
  it('is settled once, with what it made, and nothing is held any more', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(70_000);
    await world.pass();
    expect(world.kept).toMatchObject({
      status: 'completed',
      progress: 100,
      phase: { kind: 'ended', cost: FOUR_SECONDS },
    });
    expect(shape(world.events())).toEqual([['completed', 40, false, 0]]);
    expect(world.money.member()).toMatchObject({ lifetimeUsage: FOUR_SECONDS, held: 0 });
    // Longer than its hold would have lived by itself.
    expect(world.calls).toMatchObject({ renew: 5, poll: 10, cancel: 0 });
  });

  it('costs the same and is booked once wherever its object dies', async () => {
    const whole = new VideoWorld();
    whole.says = doneAfter(35_000);
    await whole.pass();
    expect(whole.steps).toBeGreaterThan(40);
    for (let step = 1; step <= whole.steps; step++) {
      const world = new VideoWorld();
      world.says = doneAfter(35_000);
      world.diesAtStep = step;
      await world.pass();
      expect(world.diesAtStep, `died at step ${step}`).toBe(Number.POSITIVE_INFINITY);
      expect([world.kept?.phase, shape(world.events())], `died at step ${step}`).toMatchObject([
        { kind: 'ended', cost: FOUR_SECONDS },
        [['completed', 40, false, 0]],
      ]);
    }
  });

  it('is charged for a failure of no provider, wherever its object dies', async () => {
    for (let step = 1; step <= 12; step++) {
      const world = new VideoWorld();
      world.says = (afterMs) => ({ video: afterMs > 5_000 ? FAILED : AT_WORK });
      world.diesAtStep = step;
      await world.pass();
      expect(world.kept, `died at step ${step}`).toMatchObject({
        status: 'failed',
        error: FAILED.error,
        phase: { cost: 0 },
      });
      expect(shape(world.events())).toEqual([['upstream_error', 0, false, 0]]);
    }
  });

  it('is asked for and settled once by alarms that come at once', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(0);
    world.money.pass(LIMITS.videoPollMsMin);
    await Promise.all([world.alarm(), world.alarm(), world.alarm()]);
    expect(world.calls).toMatchObject({ poll: 1, settle: 1 });
    expect(shape(world.events())).toEqual([['completed', 40, false, 0]]);
  });

  it('is not asked for by an alarm that comes too early', async () => {
    const world = new VideoWorld();
    await world.alarm();
    expect(world.calls).toMatchObject({ poll: 0, renew: 0 });
  });

  it('is taken over once, however often it is handed over', () => {
    const world = new VideoWorld();
    const { kept } = world;
    world.money.pass(5_000);
    expect(world.life.begin(world.begun(FAILED))).toEqual(kept);
  });

  it('is settled by its first answer where that is its last', async () => {
    const world = new VideoWorld(FAILED);
    await world.pass();
    expect(world.calls.poll).toBe(0);
    expect(shape(world.events())).toEqual([['upstream_error', 0, false, 0]]);
  });

  it('is booked once where answers to its settlement are lost', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(0);
    world.fate = (call) => (call === 'settle' && world.calls.settle <= 3 ? 'answer lost' : 'made');
    await world.pass();
    expect(world.calls.settle).toBe(4);
    expect(world.kept?.phase).toMatchObject({ kind: 'ended', cost: FOUR_SECONDS });
    expect(shape(world.events())).toEqual([['completed', 40, false, 0]]);
  });

  it('is charged what it made though its hold had expired while nobody could renew it', async () => {
    const world = new VideoWorld();
    world.says = (afterMs) => ({ video: afterMs > 10 * MINUTE_MS ? { ...DONE, seconds: 3 } : AT_WORK });
    world.fate = (call, afterMs) => (call === 'renew' && afterMs < 5 * MINUTE_MS ? 'down' : 'made');
    await world.pass(4 * MINUTE_MS);
    // As its expiry charged it.
    expect(world.money.member()).toMatchObject({ lifetimeUsage: FOUR_SECONDS, held: 0 });
    await world.pass();
    expect(world.kept?.phase).toMatchObject({ kind: 'ended', cost: 30 * CENTS });
    expect(shape(world.events())).toEqual([
      ['expired', 40, true, 0],
      ['correction', -10, false, 0],
    ]);
    expect(world.calls.cancel).toBe(0);
  });

  it('is forgotten in the end', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(0);
    await world.pass();
    expect(world.wakeAtMs).toBeGreaterThan(world.money.nowMs + 29 * DAY_MS);
    world.money.nowMs = world.wakeAtMs;
    await world.alarm();
    expect(world.kept).toBeNull();
  });
});

describe('a video of which its provider does not tell the end', () => {
  const WORST = ['upstream_error', 40, true, 0];

  it('goes on through failures to ask', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(40 * MINUTE_MS);
    world.fate = (call, afterMs) => (call === 'poll' && afterMs < 30 * MINUTE_MS ? 'down' : 'made');
    await world.pass();
    expect(shape(world.events())).toEqual([['completed', 40, false, 0]]);
  });

  it('is charged as the worst case once it was silent for too long', async () => {
    const world = new VideoWorld();
    world.says = () => ({ failure: 'status 500' });
    await world.pass(LIMITS.videoSilenceMsMax - 1);
    expect(world.kept?.status).toBe('in_progress');
    await world.pass(MINUTE_MS);
    expect(world.kept).toMatchObject({ status: 'failed', error: { code: 'upstream_error' } });
    expect(shape(world.events())).toEqual([WORST]);
    expect(world.calls.cancel).toBe(1);
  });

  it('is charged as the worst case once it took too long', async () => {
    const world = new VideoWorld();
    await world.pass(LIMITS.videoMsMax - 1);
    expect(world.kept?.status).toBe('in_progress');
    await world.pass(MINUTE_MS);
    expect(shape(world.events())).toEqual([WORST]);
    expect(world.calls.cancel).toBe(1);
  });

  it('is charged as the worst case where there is none any more', async () => {
    const world = new VideoWorld();
    world.says = () => ({ gone: true });
    await world.pass();
    expect(shape(world.events())).toEqual([WORST]);
  });
});

describe('a video that may not go on', () => {
  const REFUSED = ['cut', 40, true, 0];

  it.each([
    ['a limit that was lowered', 'member_budget_exhausted', { limits: limits(39 * CENTS) }],
    ['a key that is there no more', 'invalid_api_key', { keys: [] }],
    ['a member who was removed', 'invalid_api_key', { active: false }],
  ])('is cancelled by %s', async (_, code, change) => {
    const world = new VideoWorld();
    world.money.change(change);
    await world.pass(LIMITS.holdRenewMs);
    expect(world.kept).toMatchObject({
      status: 'failed',
      error: { code },
      phase: { kind: 'ended', cost: FOUR_SECONDS },
    });
    expect(world.calls.cancel).toBe(1);
    expect(shape(world.events())).toEqual([REFUSED]);
  });

  it('goes on under a limit that was lowered to what it holds, and beside others that hold the rest', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(MINUTE_MS);
    world.money.hold(30 * CENTS);
    world.money.change({ limits: limits(40 * CENTS) });
    await world.pass();
    expect(shape(world.events()).at(-1)).toEqual(['completed', 40, false, 0]);
  });

  it('is cancelled and settled once wherever its object dies', async () => {
    for (let step = 1; step <= 24; step++) {
      const world = new VideoWorld();
      world.money.change({ limits: limits(39 * CENTS) });
      world.diesAtStep = step;
      await world.pass(2 * MINUTE_MS);
      expect(world.kept?.phase, `died at step ${step}`).toMatchObject({ kind: 'ended', cost: FOUR_SECONDS });
      expect(world.calls.cancel).toBeGreaterThanOrEqual(1);
      expect(shape(world.events())).toEqual([REFUSED]);
    }
  });

  it('is settled though its provider takes no cancel, which is tried some times', async () => {
    const world = new VideoWorld();
    world.money.change({ active: false });
    world.fate = (call) => (call === 'cancel' ? 'down' : 'made');
    await world.pass();
    expect(world.calls).toMatchObject({ cancel: LIMITS.videoCancelTriesMax, settle: 1 });
    expect(world.kept?.phase).toMatchObject({ kind: 'ended', cost: FOUR_SECONDS });
  });

  it('is cancelled and gone when it is deleted while it runs', async () => {
    const world = new VideoWorld();
    expect(await world.life.forget()).toBe(true);
    expect([world.life.view(), world.kept, await world.life.forget()]).toEqual([null, null, false]);
    expect(world.calls.cancel).toBe(1);
    expect(shape(world.events())).toEqual([['client_gone', 40, true, 0]]);
  });

  it('stays settled as it was when it is deleted after its end', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(0);
    await world.pass();
    expect(await world.life.forget()).toBe(true);
    expect(world.kept).toBeNull();
    expect(shape(world.events())).toEqual([['completed', 40, false, 0]]);
  });

  it('is settled by what it came to where it was deleted while that was being settled', async () => {
    const world = new VideoWorld();
    world.says = doneAfter(0);
    world.fate = (call) => (call === 'settle' && world.calls.settle === 1 ? 'down' : 'made');
    world.money.pass(LIMITS.videoPollMsMin);
    await world.alarm();
    expect(await world.life.forget()).toBe(true);
    expect(world.life.view()).toBeNull();
    await world.pass();
    expect(shape(world.events())).toEqual([['completed', 40, false, 0]]);
    expect(world.calls.cancel).toBe(1);
  });
});
