/** The operator's routes: who may call them, what they take, and the wallet that an organization's people then see. */
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { proveWallets } from '../../src/billing/wallet-books.ts';
import { newId } from '../../src/ids.ts';
import { nanos } from '../../src/money/nanos.ts';
import { readPolicy } from '../../src/teams/policy.ts';
import { json } from '../support/gateway.ts';
import { type Seeded, seedOrganization } from '../support/seed.ts';
import { call, callIn, type Json, refusal, request } from '../teams/management.ts';

const SECRET = 'the-operator-of-these-tests-and-nobody-else';
const operated = { ...env, OPERATOR_SECRET: SECRET } as Env;

const entriesPath = ({ organizationId }: Seeded) => `/operator/orgs/${organizationId}/wallet/entries`;
const meteredPath = ({ organizationId }: Seeded) => `/operator/orgs/${organizationId}/metered`;

function operate(method: string, path: string, body: unknown, secret = SECRET): Promise<Response> {
  return callIn(operated, request(method, path, secret, body));
}

function post(seeded: Seeded, entry: Json): Promise<Response> {
  return operate('POST', entriesPath(seeded), entry);
}

async function walletOf({ organizationId, masterKey }: Seeded): Promise<Json> {
  return json(await call('GET', `/orgs/${organizationId}/wallet`, masterKey));
}

const EMPTY = { balance: '0', lent: '0', available: '0', entries: [] };

describe('a wallet', () => {
  it('is empty before anything was paid in', async () => {
    expect(await walletOf(await seedOrganization())).toEqual(EMPTY);
  });

  it('shows what the operator posted, newest first, each once', async () => {
    const seeded = await seedOrganization();
    const topUp = { id: 'paid-1', kind: 'top_up', amount: '12.5' };
    expect((await post(seeded, topUp)).status).toBe(201);
    expect((await post(seeded, topUp)).status).toBe(200);
    const refunded = await post(seeded, { id: 'back-1', kind: 'refund', amount: '20' });
    expect(refunded.status).toBe(201);
    const wallet = await walletOf(seeded);
    expect(await json(refunded)).toEqual(wallet);
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
    const ofTransaction = expect.stringMatching(/^txn_/);
    expect(wallet).toEqual({
      balance: '-7.50',
      lent: '0',
      available: '0',
      entries: [
        { id: ofTransaction, kind: 'refund', amount: '-20', credits: '-7.50', at },
        { id: ofTransaction, kind: 'top_up', amount: '12.50', credits: '12.50', at },
      ],
    });
  });

  it('and metering are told by the audit log, a repeated entry once', async () => {
    const seeded = await seedOrganization();
    const topUp = { id: 'paid-1', kind: 'top_up', amount: '12.5' };
    for (const status of [201, 200, 200]) expect((await post(seeded, topUp)).status).toBe(status);
    await operate('PUT', meteredPath(seeded), { metered: true });
    const { entries } = await json<Json>(
      await call('GET', `/orgs/${seeded.organizationId}/audit-log`, seeded.masterKey),
    );
    expect(entries).toMatchObject([
      { action: 'organization.metered.updated', actor: { kind: 'operator' }, after: { metered: true } },
      { action: 'wallet.entry.posted', target: { id: 'paid-1' }, after: { kind: 'top_up', amount: '12.50' } },
    ]);
  });

  it('of corrections has a transaction behind every entry, which comes to nothing and has no document', async () => {
    const seeded = await seedOrganization();
    await post(seeded, { id: 'gift', kind: 'top_up', amount: '0.000000001' });
    await post(seeded, { id: 'back', kind: 'refund', amount: '3' });
    const of = (rest: string) => call('GET', `/orgs/${seeded.organizationId}${rest}`, seeded.masterKey);
    const { transactions } = await json<{ transactions: Json[] }>(await of('/transactions'));
    expect(
      transactions.map(({ kind, status, amount, credit, number }) => [kind, status, amount, credit, number]),
    ).toEqual(
      expect.arrayContaining([
        ['correction', 'completed', '0.00', '0.000000001', null],
        ['correction', 'completed', '0.00', '-3', null],
      ]),
    );
    expect(await json(await of('/health'))).toMatchObject({ ok: true, wallet: { findings: [] } });
  });

  it('that differs from its transactions is named by the health of the books', async () => {
    const seeded = await seedOrganization();
    const { organizationId } = seeded;
    await post(seeded, { id: 'one', kind: 'top_up', amount: '7' });
    await post(seeded, { id: 'two', kind: 'top_up', amount: '5' });
    const wallet = env.ORG_WALLET.get(env.ORG_WALLET.idFromName(organizationId));
    await wallet.post({ id: 'from-nowhere', kind: 'top_up', amount: nanos(1_000_000_000), atMs: Date.now() });
    await env.DB.prepare(
      `UPDATE transactions SET credit = credit + 1000000000 WHERE organization_id = ? AND credit = 7000000000`,
    )
      .bind(organizationId)
      .run();
    const of = (rest: string) => call('GET', `/orgs/${organizationId}${rest}`, seeded.masterKey);
    const health = await json<{ ok: boolean; wallet: { findings: Json[] } }>(await of('/health'));
    expect(health.ok).toBe(false);
    // The sums agree, and what they are of does not: the count tells.
    expect(health.wallet.findings).toEqual(
      expect.arrayContaining([
        { id: 'from-nowhere', inWallet: '1', inTransactions: null },
        { id: expect.stringMatching(/^txn_/), inWallet: '7', inTransactions: '8' },
      ]),
    );
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await proveWallets(env, Date.now());
    expect(log.mock.calls.flat().join()).toContain('wallet_differs');
    log.mockRestore();
  });

  it('takes no other entry under a known id', async () => {
    const seeded = await seedOrganization();
    await post(seeded, { id: 'x', kind: 'top_up', amount: '1' });
    for (const other of [
      { id: 'x', kind: 'top_up', amount: '2' },
      { id: 'x', kind: 'refund', amount: '1' },
    ]) {
      expect(await refusal(await post(seeded, other))).toMatchObject({
        status: 409,
        code: 'entry_conflict',
        param: 'id',
      });
    }
    expect(await walletOf(seeded)).toMatchObject({ balance: '1' });
  });

  it('takes no more than can be counted to the nanodollar', async () => {
    const seeded = await seedOrganization();
    for (let i = 0; i < 9; i++) await post(seeded, { id: `x${i}`, kind: 'top_up', amount: '1000000' });
    const more = await post(seeded, { id: 'more', kind: 'top_up', amount: '10000' });
    expect(await refusal(more)).toMatchObject({ status: 400, param: 'amount' });
    expect(await walletOf(seeded)).toMatchObject({ balance: '9000000' });
  });

  it.each<[string, Json, string]>([
    ['no id', { kind: 'top_up', amount: '1' }, 'id'],
    ['an empty id', { id: '', kind: 'top_up', amount: '1' }, 'id'],
    ['a long id', { id: 'x'.repeat(101), kind: 'top_up', amount: '1' }, 'id'],
    ['another kind', { id: 'x', kind: 'gift', amount: '1' }, 'kind'],
    ['no amount', { id: 'x', kind: 'top_up' }, 'amount'],
    ['a number', { id: 'x', kind: 'top_up', amount: 1 }, 'amount'],
    ['nothing', { id: 'x', kind: 'top_up', amount: '0' }, 'amount'],
    ['less than nothing', { id: 'x', kind: 'refund', amount: '-1' }, 'amount'],
    ['ten decimals', { id: 'x', kind: 'top_up', amount: '0.0000000001' }, 'amount'],
    ['an exponent', { id: 'x', kind: 'top_up', amount: '1e3' }, 'amount'],
    ['more than a million', { id: 'x', kind: 'top_up', amount: '1000000.01' }, 'amount'],
    ['an unknown field', { id: 'x', kind: 'top_up', amount: '1', at: 0 }, 'at'],
  ])('refuses an entry with %s, and stays as it was', async (_, entry, param) => {
    const seeded = await seedOrganization();
    expect(await refusal(await post(seeded, entry))).toMatchObject({ status: 400, param });
    expect(await walletOf(seeded)).toEqual(EMPTY);
  });
});

describe('metered', () => {
  it('is switched for every member, and pushed', async () => {
    const seeded = await seedOrganization();
    for (const metered of [true, false]) {
      const answer = await operate('PUT', meteredPath(seeded), { metered });
      expect([answer.status, await json(answer)]).toEqual([200, { metered, applied: 1, pending: 0 }]);
      expect((await readPolicy(env.DB, seeded.memberId))?.metered).toBe(metered);
    }
    expect(await refusal(await operate('PUT', meteredPath(seeded), { metered: 'yes' }))).toMatchObject({
      status: 400,
      param: 'metered',
    });
  });
});

describe.each([
  ['POST', entriesPath, { id: 'x', kind: 'top_up', amount: '1' }],
  ['PUT', meteredPath, { metered: true }],
] as const)('the operator route %s', (method, path, body) => {
  it('does not exist where no secret is bound, or one that could be guessed', async () => {
    const seeded = await seedOrganization();
    const nothing = await refusal(await call(method, `${path(seeded)}/nothing`, SECRET, body));
    for (const [bound, presented] of [
      [undefined, ''],
      ['', ''],
      ['short', 'short'],
      [SECRET.slice(0, 31), SECRET.slice(0, 31)],
    ] as const) {
      const environment = { ...env, OPERATOR_SECRET: bound } as Env;
      const asked = await refusal(await callIn(environment, request(method, path(seeded), presented, body)));
      expect({ ...asked, message: '' }).toEqual({ ...nothing, message: '' });
    }
    expect(await walletOf(seeded)).toEqual(EMPTY);
  });

  it('is a 401 for anybody else, whatever they send and whoever they are', async () => {
    const seeded = await seedOrganization();
    for (const secret of [
      '',
      'x',
      SECRET.slice(1),
      `${SECRET}x`,
      SECRET.toUpperCase(),
      seeded.masterKey,
      seeded.apiKey,
    ]) {
      for (const sent of [body, { nonsense: true }, '{"half":']) {
        expect(await refusal(await operate(method, path(seeded), sent, secret))).toMatchObject({ status: 401 });
      }
    }
    expect(await walletOf(seeded)).toEqual(EMPTY);
    expect((await readPolicy(env.DB, seeded.memberId))?.metered).toBe(false);
  });

  it('is a 404 for an organization that does not exist', async () => {
    const seeded = { ...(await seedOrganization()), organizationId: newId('org') };
    expect(await refusal(await operate(method, path(seeded), body))).toMatchObject({ status: 404, code: 'not_found' });
  });
});
