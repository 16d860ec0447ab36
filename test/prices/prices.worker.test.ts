/** The operator's prices: set by a command, gone by with the next request, and told to those who pay for the model. */
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { Mail } from '../../src/mail/mail.ts';
import { CATALOGUE_MAPPINGS } from '../../src/models/catalogue.ts';
import { LiveCatalogue } from '../../src/prices/live-catalogue.ts';
import { noticePriceChanges } from '../../src/prices/notices.ts';
import { Outbox } from '../support/browser.ts';
import { chat, get, json } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';
import { seedTeam } from '../support/team.ts';
import { call, callIn, type Json, refusal, request } from '../teams/management.ts';

const SECRET = 'the-operator-of-these-tests-and-nobody-else';
const operated = { ...env, OPERATOR_SECRET: SECRET } as Env;

const setPrice = (body: Json, secret = SECRET) => callIn(operated, request('PUT', '/operator/prices', secret, body));
const WORDS = { model: 'demo/words', from: null };
const dear = { ...WORDS, tiers: [{ rates: { input: '3', output: '7.5' } }] };

async function costOf(apiKey: string): Promise<string | null> {
  const response = await chat(apiKey, { demo: { outputTokens: 4 } });
  expect(response.status).toBe(200);
  return response.headers.get('x-purser-cost');
}

describe('a price of the operator', () => {
  it('is charged from the next request on, shown with the model, and cleared again', async () => {
    const { apiKey } = await seedOrganization();
    // Two words in and four out: 2 x $1 + 4 x $2 per million.
    expect(await costOf(apiKey)).toBe('0.00001');
    const set = await setPrice(dear);
    expect(set.status).toBe(200);
    expect(await json(set)).toMatchObject({
      model: 'demo/words',
      prices: [{ terms: ['input $3, output $7.50 per million tokens'] }],
    });
    // 2 x 3 + 4 x 7.5 millionths.
    expect(await costOf(apiKey)).toBe('0.000036');
    const model = await json<{ pricing: Json }>(await get('/v1/models/demo/words', apiKey));
    expect(model.pricing).toMatchObject({ version: expect.stringContaining('demo/words@0, set 20') });
    expect((await setPrice({ ...WORDS, tiers: null })).status).toBe(200);
    expect(await costOf(apiKey)).toBe('0.00001');
    expect((await refusal(await setPrice({ ...WORDS, tiers: null }))).status).toBe(404);
  });

  it('begins at its instant', async () => {
    const { apiKey } = await seedOrganization();
    const from = new Date(Date.now() + 3_600_000).toISOString();
    expect((await setPrice({ ...dear, from })).status).toBe(200);
    expect(await costOf(apiKey)).toBe('0.00001');
    expect((await setPrice({ ...WORDS, from, tiers: null })).status).toBe(200);
  });

  it('is told by the log of the deployment, with what it was before', async () => {
    await setPrice(dear);
    await setPrice({ ...WORDS, tiers: null });
    const { results } = await env.DB.prepare(
      "SELECT action, before, after FROM audit_entries WHERE organization_id = 'deployment' ORDER BY n DESC LIMIT 2",
    ).all<{ action: string; before: string | null; after: string | null }>();
    const [cleared, set] = results;
    expect([set?.action, cleared?.action]).toEqual(['price.set', 'price.cleared']);
    expect(set).toMatchObject({ before: null, after: expect.stringContaining('7500000') });
    expect(cleared).toMatchObject({ before: set?.after, after: null });
  });

  it.each([
    [{ tiers: [{ rates: { input: '0.0000001' } }] }, 'tiers.rates.input'],
    [{ tiers: [{ rates: { input: '-1' } }] }, 'tiers.rates.input'],
    [{ tiers: [{ rates: {} }] }, 'tiers.rates'],
    [{ tiers: [{ rates: { inputs: '1' } }] }, 'tiers.0.rates.inputs'],
    [{ tiers: [{ aboveInputTokens: 5, rates: { input: '1' } }] }, 'tiers'],
    [{ model: 'words', tiers: null }, 'model'],
    [{ from: '2026-12-01', tiers: null }, 'from'],
  ])('is refused where it is none: %j', async (wrong, param) => {
    expect(await refusal(await setPrice({ ...WORDS, ...wrong }))).toMatchObject({ status: 400, param });
  });

  it('is the operator only', async () => {
    expect((await refusal(await setPrice(dear, 'wrong'))).status).toBe(401);
    expect((await callIn(env, request('PUT', '/operator/prices', SECRET, dear))).status).toBe(404);
  });
});

describe('an isolate', () => {
  const behind: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => void behind.push(promise) };
  const failing = { DB: { prepare: () => failure() } as unknown as D1Database };
  function failure(): never {
    throw new Error('D1 is down');
  }

  it('goes by the built-in prices where D1 does not answer, and by the last known ones later', async () => {
    const [mapping] = CATALOGUE_MAPPINGS;
    if (!mapping) throw new Error('there is no model');
    const live = new LiveCatalogue(CATALOGUE_MAPPINGS);
    const version = async (from: Pick<Env, 'DB'>) =>
      (await live.now(from, ctx)).find(mapping.id)?.mappings[0]?.prices[0]?.version;
    expect(await version(failing)).toBe(`${mapping.id}@0`);
    // Tried and failed: the next requests do not wait for it again.
    expect(await version(failing)).toBe(`${mapping.id}@0`);
    expect(behind).toEqual([]);
    expect((await setPrice({ model: mapping.id, tiers: [{ rates: { input: '1' } }] })).status).toBe(200);
    await live.refresh(env);
    expect(await version(failing)).toMatch(/, set /);
    await live.refresh(failing);
    expect(await version(failing)).toMatch(/, set /);
    await setPrice({ model: mapping.id, tiers: null });
  });

  it('whose first read hangs waits a second and no longer', async () => {
    const never = { DB: { prepare: () => ({ all: () => new Promise(() => undefined) }) } as unknown as D1Database };
    const beganAtMs = Date.now();
    const live = new LiveCatalogue(CATALOGUE_MAPPINGS);
    expect((await live.now(never, ctx)).all()).toEqual(CATALOGUE_MAPPINGS);
    expect(Date.now() - beganAtMs).toBeGreaterThanOrEqual(900);
  });
});

describe('a price that changes', () => {
  it('is mailed once to each owner whose organization has used the model, however often the cron comes', async () => {
    const outbox = new Outbox();
    const { seeded, people } = await seedTeam({ owner: 'owner', partner: 'owner', admin: 'admin' }, {}, outbox.env);
    const mails: Mail[] = [];
    let down = false;
    const fetch = async (_url: string, init: RequestInit) => {
      if (down) return new Response(null, { status: 503 });
      mails.push(JSON.parse(String(init.body)) as Mail);
      return new Response();
    };
    const mailing: Env = { ...outbox.env, OUTBOX: { fetch } as unknown as Fetcher };
    const [first, second] = CATALOGUE_MAPPINGS;
    if (!first || !second) throw new Error('there are no models');
    const words = { ...first, id: 'demo/words' };
    const dearer = { ...words, prices: second.prices };
    let nowMs = Date.now();
    const cron = (mapping: typeof words) => noticePriceChanges(mailing, [mapping], nowMs);

    await (await chat(seeded.apiKey)).arrayBuffer();
    await call('POST', `/orgs/${seeded.organizationId}/rollups`, seeded.masterKey);
    await cron(words);
    await cron(words);
    expect(mails).toEqual([]);

    down = true;
    await Promise.all([cron(dearer), cron(dearer)]);
    down = false;
    await cron(dearer);
    expect(mails).toEqual([]);
    // Once the lease of the run that failed has ended.
    nowMs += 5 * 60_000;
    await Promise.all([cron(dearer), cron(dearer)]);
    await cron(dearer);
    const ours = mails.filter(({ to }) => Object.values(people).some(({ email }) => email === to));
    expect(ours.map(({ to }) => to).sort()).toEqual([people.owner.email, people.partner.email].sort());
    expect(ours[0]).toMatchObject({
      subject: 'Test: the price of demo/words has changed',
      text: expect.stringMatching(/From now on it costs:\n\n.*input \$2, .*\n\n.*Until now it was:\n\n.*input \$10, /s),
    });

    mails.length = 0;
    await cron(words);
    expect(mails.filter(({ to }) => to === people.owner.email)).toHaveLength(1);
  });

  it('of a model that nobody uses is mailed to nobody', async () => {
    const outbox = new Outbox();
    await seedTeam({ owner: 'owner' }, {}, outbox.env);
    const [first, second] = CATALOGUE_MAPPINGS;
    if (!first || !second) throw new Error('there are no models');
    await noticePriceChanges(outbox.env, [{ ...first, id: 'demo/unused' }], Date.now());
    await noticePriceChanges(outbox.env, [{ ...first, id: 'demo/unused', prices: second.prices }], Date.now());
    expect(outbox.mails.filter(({ subject }) => subject.includes('demo/unused'))).toEqual([]);
  });
});
