/**
 * How often somebody has tried of late: an itty-durable object for each address and each account. Read and written
 * through src/sign-in/throttle.ts only; it must never be reachable by a client's path, because the library also answers
 * to `destroy`.
 */
import { createDurable } from 'itty-durable';

export class SignInThrottle extends createDurable() {
  /** The instants of the tries that still count, epoch ms, oldest first. */
  tries: number[] = [];

  /** Counts a try, unless there were `max` within `windowMs` already. Answers how long to wait: 0 where it was counted. */
  take(max: number, windowMs: number): number {
    const nowMs = Date.now();
    this.tries = this.tries.filter((atMs) => atMs > nowMs - windowMs);
    if (this.tries.length >= max) return (this.tries[0] ?? nowMs) + windowMs - nowMs;
    this.tries.push(nowMs);
    this.save(windowMs);
    return 0;
  }

  /** Takes back the newest try: it did no harm. */
  giveBack(): void {
    this.tries.pop();
    this.persist();
  }

  /** Nothing here counts any more, so that an address seen once is not kept for ever. */
  async alarm(): Promise<void> {
    this.tries = [];
    await (this.state as DurableObjectState).storage.deleteAll();
  }

  private save(windowMs: number): void {
    // Neither is awaited: the answer waits for both by itself, and no other try may come in between.
    this.persist();
    this.setAlarm(Date.now() + windowMs);
  }
}
