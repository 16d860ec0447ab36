/** GET and PATCH /orgs/{orgId}: what is shown, what is refused, and how a changed setting reaches every member's object. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { runCron } from '../../src/app.ts';
import { memberBudget } from '../../src/objects.ts';
import { readPolicy } from '../../src/teams/policy.ts';
import { json } from '../support/gateway.ts';
import { insertMember, type Seeded, seedOrganization } from '../support/seed.ts';
import {
  call,
  callIn,
  type Json,
  organizationPath,
  policyState,
  refusal,
  request,
  UNREACHABLE,
  withObjects,
} from './management.ts';

async function read(seeded: Seeded): Promise<Json> {
  const response = await call('GET', organizationPath(seeded), seeded.masterKey);
  expect(response.status).toBe(200);
  return json(response);
}

const patch = (seeded: Seeded, body: unknown) => call('PATCH', organizationPath(seeded), seeded.masterKey, body);

/** Whether the member's object, not D1, has answers recorded. */
async function replaysInForce(memberId: string): Promise<boolean> {
  const { hash = '' } = (await readPolicy(env.DB, memberId))?.keys[0] ?? {};
  return (await memberBudget(env, memberId, (object) => object.checkKey({ memberId, keyHash: hash }))).replay;
}

describe('an organization', () => {
  it('shows what it is and its settings, with replay on until that is changed', async () => {
    const seeded = await seedOrganization({ plan: 'pro' });
    expect(await read(seeded)).toEqual({
      id: seeded.organizationId,
      name: 'Test',
      kind: 'team',
      plan: 'pro',
      timeZone: 'UTC',
      metered: false,
      replay: true,
      hideAmounts: false,
      budgetWarnings: [50, 80, 100],
      billingDetails: null,
      deletedAt: null,
      createdAt: expect.stringMatching(/^20.*Z$/),
    });
    const response = await patch(seeded, { replay: false });
    expect([response.status, await json(response)]).toEqual([
      200,
      { ...(await read(seeded)), replay: false, applied: 1, pending: 0 },
    ]);
    expect(await read(seeded)).toMatchObject({ replay: false });
  });

  it('keeps the settings that a change does not name', async () => {
    const seeded = await seedOrganization();
    const steps: [Json, Json][] = [
      [{ hideAmounts: true }, { replay: true, hideAmounts: true }],
      [{ replay: false }, { replay: false, hideAmounts: true }],
      [{ hideAmounts: false }, { replay: false, hideAmounts: false }],
      [
        { replay: true, hideAmounts: true },
        { replay: true, hideAmounts: true },
      ],
    ];
    for (const [asked, settings] of steps) {
      expect((await patch(seeded, asked)).status).toBe(200);
      expect(await read(seeded)).toMatchObject(settings);
      const { replay, hideAmounts: hidesAmounts } = settings;
      expect(await readPolicy(env.DB, seeded.memberId)).toMatchObject({ replay, hidesAmounts });
    }
  });

  it.each<[string, unknown, string | null]>([
    ['nothing', {}, null],
    ['one bad of two', { replay: false, hideAmounts: 'yes' }, 'hideAmounts'],
    ['null', { replay: null }, 'replay'],
    ['text', { replay: 'false' }, 'replay'],
    ['a number', { replay: 0 }, 'replay'],
    ['an unknown field', { replay: false, plan: 'enterprise' }, 'plan'],
    ['no body', '', null],
    ['malformed JSON', '{"replay":', null],
  ])('is not changed by %s: a 400 that names the field', async (_, body, param) => {
    const seeded = await seedOrganization();
    const before = [await read(seeded), await policyState(seeded.memberId)];
    expect(await refusal(await patch(seeded, body))).toMatchObject({
      status: 400,
      code: 'invalid_request_error',
      param,
    });
    expect([await read(seeded), await policyState(seeded.memberId)]).toEqual(before);
  });

  it('whose change an object does not confirm answers 202 that counts; the cron delivers it', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const seeded = await seedOrganization();
    const { memberId, organizationId } = seeded;
    await insertMember(organizationId, 'admin');
    expect(await replaysInForce(memberId)).toBe(true);
    const without = withObjects((id) => (id === memberId ? UNREACHABLE : null));
    const response = await callIn(
      without,
      request('PATCH', organizationPath(seeded), seeded.masterKey, { replay: false }),
    );
    expect([response.status, await json(response)]).toEqual([
      202,
      expect.objectContaining({ replay: false, applied: 1, pending: 1 }),
    ]);
    expect(await replaysInForce(memberId)).toBe(true);
    await runCron('* * * * *', env, Date.now());
    expect(await replaysInForce(memberId)).toBe(false);
    expect(await policyState(memberId)).toEqual({ version: 2, waiting: 0 });
    warn.mockRestore();
  });
});
