/** Many deadlines under one timer: each runs once, at its time, whatever became of the others. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Deadlines } from '../src/deadlines.ts';

let ran: string[] = [];
const note = (name: string) => () => ran.push(name);

beforeEach(() => {
  ran = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

it('runs each at its time, in whatever order they were set', () => {
  const deadlines = new Deadlines();
  deadlines.set(300, note('late'));
  deadlines.set(100, note('early'));
  deadlines.set(200, note('middle'));
  vi.advanceTimersByTime(99);
  expect(ran).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(ran).toEqual(['early']);
  vi.advanceTimersByTime(199);
  expect(ran).toEqual(['early', 'middle']);
  vi.advanceTimersByTime(1);
  expect(ran).toEqual(['early', 'middle', 'late']);
  expect(vi.getTimerCount()).toBe(0);
});

it('forgets what is cancelled, and runs the rest in time', () => {
  const deadlines = new Deadlines();
  const first = deadlines.set(100, note('first'));
  deadlines.set(150, note('second'));
  deadlines.cancel(first);
  vi.advanceTimersByTime(150);
  expect(ran).toEqual(['second']);
});

it('waits longer for what is postponed', () => {
  const deadlines = new Deadlines();
  const idle = deadlines.set(100, note('idle'));
  vi.advanceTimersByTime(80);
  deadlines.postpone(idle, 100);
  vi.advanceTimersByTime(99);
  expect(ran).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(ran).toEqual(['idle']);
});

it('takes what is set, and cancelled, by one that runs', () => {
  const deadlines = new Deadlines();
  const again = () => {
    ran.push('again');
    deadlines.cancel(doomed);
    if (ran.length < 3) deadlines.set(100, again);
  };
  deadlines.set(100, again);
  const doomed = deadlines.set(100, note('doomed'));
  vi.advanceTimersByTime(1_000);
  expect(ran).toEqual(['again', 'again', 'again']);
});

it('keeps one timer, and none after its end', () => {
  const deadlines = new Deadlines();
  for (const ms of [500, 700, 600]) deadlines.set(ms, note('never'));
  expect(vi.getTimerCount()).toBe(1);
  deadlines.end();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(ran).toEqual([]);
});
