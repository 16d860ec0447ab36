import { describe, expect, it } from 'vitest';
import { relayTimes } from '../../src/gateway/relay-times.ts';
import { LIMITS } from '../../src/limits.ts';

describe('how long a provider is waited for', () => {
  it('is the table of limits, where a deployment says nothing else', () => {
    expect(relayTimes({})).toBe(LIMITS);
  });

  it('is what a deployment says, each by itself', () => {
    const { upstreamTotalMsMax, upstreamIdleMsMax, pingMs } = LIMITS;
    expect(relayTimes({ UPSTREAM_IDLE_SECONDS: '30' })).toMatchObject({
      upstreamIdleMsMax: 30_000,
      upstreamTotalMsMax,
    });
    expect(relayTimes({ UPSTREAM_TOTAL_SECONDS: '7200' })).toMatchObject({
      upstreamIdleMsMax,
      upstreamTotalMsMax: 7_200_000,
      pingMs,
    });
  });

  it.each(['', '0', '-1', '1.5', '1e3', '86401', 'soon', ' 5'])('cannot be %j', (text) => {
    expect(() => relayTimes({ UPSTREAM_IDLE_SECONDS: text })).toThrow(/UPSTREAM_IDLE_SECONDS must be a whole number/);
    expect(() => relayTimes({ UPSTREAM_TOTAL_SECONDS: text })).toThrow(/UPSTREAM_TOTAL_SECONDS must be/);
  });
});
