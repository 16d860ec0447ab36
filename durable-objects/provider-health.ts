/**
 * How one provider has been doing, shared by all Workers: an itty-durable object named after the provider. Read and
 * written through src/gateway/provider-health.ts only; it must never be reachable by a client's path, because the
 * library also answers to `destroy`.
 */
import { createDurable } from 'itty-durable';

export interface ProviderHealthView {
  /** Failures since the last success. */
  failures: number;
  lastFailureAtMs: number;
}

export class ProviderHealth extends createDurable({ autoPersist: true }) {
  failures = 0;
  lastFailureAtMs = 0;

  report(healthy: boolean, nowMs: number): ProviderHealthView {
    this.failures = healthy ? 0 : this.failures + 1;
    if (!healthy) this.lastFailureAtMs = nowMs;
    return this.view();
  }

  view(): ProviderHealthView {
    return { failures: this.failures, lastFailureAtMs: this.lastFailureAtMs };
  }
}
