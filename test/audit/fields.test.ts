/** What of a change is told: what differs, and no secret. */
import { describe, expect, it } from 'vitest';
import { changedFields, createdFields, recordable } from '../../src/audit/fields.ts';
import { makeKey } from '../../src/teams/keys.ts';
import { entry } from './chains.ts';

const cleaned = (after: Record<string, unknown>) => recordable(entry(1, '', { after })).after;

describe('a change', () => {
  it('is told by the fields in which it differs', () => {
    const before: Record<string, unknown> = { name: 'A', limits: { a: 1 }, gone: 1, same: [1] };
    const after = { name: 'B', limits: { a: 2 }, gone: undefined, same: [1] };
    expect(changedFields(before, after)).toEqual({
      before: { name: 'A', limits: { a: 1 }, gone: 1 },
      after: { name: 'B', limits: { a: 2 }, gone: null },
    });
  });

  it('to what it was before is told by no field', () => {
    expect(changedFields({ name: 'A' }, { name: 'A' })).toEqual({ before: {}, after: {} });
  });

  it('that makes something is told by the fields that are set', () => {
    expect(createdFields({ name: 'A', expiresAt: null })).toEqual({ before: null, after: { name: 'A' } });
  });
});

describe('a secret', () => {
  it.each([
    'secret',
    'clientSecret',
    'password',
    'newPassword',
    'token',
    'resetToken',
    'hash',
    'keyHash',
    'apiKey',
    'key',
  ])('in a field named %s is hidden, however deep', (name) => {
    expect(cleaned({ [name]: 'hunter2', deep: [{ [name]: { a: 'hunter2' } }] })).toEqual({
      [name]: '(hidden)',
      deep: [{ [name]: '(hidden)' }],
    });
  });

  it('is not seen in what only sounds like one', () => {
    const fields = { tokensPerMinute: 5, maskedKey: 'psr_…abcd', keyId: 'key_0123456789abcdef', name: 'sk-short' };
    expect(cleaned(fields)).toEqual(fields);
  });

  it('that was pasted into a name or sent as a header is taken out', async () => {
    const { secret } = await makeKey('api', 'mem_0123456789abcdef', 'a secret');
    const { secret: master } = await makeKey('master', 'org_0123456789abcdef', 'a secret');
    const from = { ip: null, userAgent: `curl ${secret}`, requestId: master };
    const kept = recordable(entry(1, '', { from, after: { name: `${secret}, ${master} sk-proj-0123456789abcdef` } }));
    expect(kept.from).toEqual({ ip: null, userAgent: 'curl psr_(hidden)', requestId: 'psm_(hidden)' });
    expect(kept.after).toEqual({ name: 'psr_(hidden), psm_(hidden) sk-(hidden)' });
  });
});

describe('a text', () => {
  it('that D1 could not give back as it is, is told as D1 will', () => {
    expect(cleaned({ name: 'half \ud800 a pair' })).toEqual({ name: 'half \ufffd a pair' });
  });
});
