/** The recorder alone, with a clock of its own: who runs, who waits, who gets the record, and for how long. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Kept, Recorder } from '../../src/gateway/replay/recorder.ts';
import { HOUR_MS, LIMITS } from '../../src/limits.ts';

const LAPSE_MS = LIMITS.holdTtlMs + LIMITS.holdGraceMs;
const sealed = new Uint8Array([1, 2, 3]);

let nowMs: number;
let kept: Kept | null;
let recorder: Recorder;

/** A new object on the same storage, as after an eviction. */
function restart(): void {
  const store = {
    read: () => kept,
    write: (next: Kept) => {
      kept = next;
    },
    clear: () => {
      kept = null;
    },
  };
  recorder = new Recorder(store, () => nowMs);
}

const begin = (claimId: string, fingerprint = 'body') => recorder.begin({ claimId, fingerprint });

beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 5, 12);
  kept = null;
  restart();
});

describe('a claim', () => {
  it('is given to the first, once, and again to the same caller only', () => {
    expect(begin('a')).toEqual({ outcome: 'first' });
    expect(begin('b')).toEqual({ outcome: 'in_flight' });
    restart();
    expect(begin('b')).toEqual({ outcome: 'in_flight' });
    expect(begin('a')).toEqual({ outcome: 'first' });
  });

  it('lapses when it is not renewed, to the millisecond, and then another runs', () => {
    begin('a');
    nowMs += LAPSE_MS - 1;
    expect(begin('b')).toEqual({ outcome: 'in_flight' });
    expect(recorder.renew({ claimId: 'a' })).toBe(true);
    nowMs += LAPSE_MS - 1;
    expect(begin('b')).toEqual({ outcome: 'in_flight' });
    nowMs += 1;
    expect(begin('b')).toEqual({ outcome: 'first' });
  });

  it('that lapsed is still its holder’s while nobody asked', () => {
    begin('a');
    nowMs += LAPSE_MS * 2;
    expect(recorder.renew({ claimId: 'a' })).toBe(true);
    nowMs += LAPSE_MS * 2;
    recorder.record({ claimId: 'a', sealed });
    expect(begin('b')).toEqual({ outcome: 'replay', sealed });
  });

  it('that another has taken can neither be renewed nor recorded nor forgotten', () => {
    begin('a');
    nowMs += LAPSE_MS;
    begin('b');
    expect(recorder.renew({ claimId: 'a' })).toBe(false);
    recorder.record({ claimId: 'a', sealed });
    recorder.forget({ claimId: 'a' });
    expect(begin('c')).toEqual({ outcome: 'in_flight' });
  });

  it('that lapsed binds nobody to its body', () => {
    begin('a', 'body');
    expect(begin('b', 'other body')).toEqual({ outcome: 'other_body' });
    nowMs += LAPSE_MS;
    expect(begin('b', 'other body')).toEqual({ outcome: 'first' });
  });
});

describe('what was recorded', () => {
  it('is given to every repeat, and to no other body', () => {
    begin('a');
    recorder.record({ claimId: 'a', sealed });
    restart();
    expect([begin('b'), begin('c')]).toEqual([
      { outcome: 'replay', sealed },
      { outcome: 'replay', sealed },
    ]);
    expect(begin('d', 'other body')).toEqual({ outcome: 'other_body' });
  });

  it('is changed by no call that comes twice or late', () => {
    begin('a');
    recorder.record({ claimId: 'a', sealed });
    recorder.record({ claimId: 'a', sealed: null });
    recorder.forget({ claimId: 'a' });
    expect(recorder.renew({ claimId: 'a' })).toBe(false);
    expect(begin('b')).toEqual({ outcome: 'replay', sealed });
  });

  it('can be that there is no answer to give', () => {
    begin('a');
    recorder.record({ claimId: 'a', sealed: null });
    expect(begin('b')).toEqual({ outcome: 'not_replayable' });
  });

  it('is over after its time, though the alarm has not come yet', () => {
    begin('a');
    nowMs += HOUR_MS;
    recorder.renew({ claimId: 'a' });
    recorder.record({ claimId: 'a', sealed });
    nowMs += LIMITS.replayKeepMs - HOUR_MS - 1;
    expect(begin('b')).toEqual({ outcome: 'replay', sealed });
    nowMs += 1;
    expect(begin('b')).toEqual({ outcome: 'first' });
  });
});

it('what was forgotten runs again', () => {
  begin('a');
  recorder.forget({ claimId: 'a' });
  expect(kept).toBeNull();
  expect(begin('b', 'other body')).toEqual({ outcome: 'first' });
});
