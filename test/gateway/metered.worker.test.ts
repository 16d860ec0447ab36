/** Requests that spend an organization's wallet, over HTTP: what callers get, and what the wallet has afterwards. */
import { describe, expect, it, vi } from 'vitest';
import { parseUsd } from '../../src/money/nanos.ts';
import { type ChatBody, chat, type ErrorBody, eventsIn, get, json, keyOf, until, wordsIn } from '../support/gateway.ts';
import { type Metered, type MeteredMember, meteredOrganization, replace } from '../support/metered.ts';

// An unreachable wallet is logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

/** Held and charged alike: two words in at $1 and four out at $2 per million. */
const EXACT = { demo: { outputTokens: 4 }, max_tokens: 4 };
const COST = 10_000;

const ask = ({ apiKey }: MeteredMember, body: ChatBody = EXACT) => chat(apiKey, body);

function memberOf({ members }: Metered, i: number): MeteredMember {
  const member = members[i];
  if (!member) throw new Error(`no member ${i}`);
  return member;
}

/** As its owners see it, in nanodollars. */
async function walletOf({ organizationId, masterKey }: Metered): Promise<{ balance: number; lent: number }> {
  const { balance, lent } = await json<Record<string, string>>(await get(`/orgs/${organizationId}/wallet`, masterKey));
  const amount = (text = '') =>
    text.startsWith('-') ? -(parseUsd(text.slice(1)) ?? Number.NaN) : (parseUsd(text) ?? Number.NaN);
  return { balance: amount(balance), lent: amount(lent) };
}

async function codeOf(response: Response): Promise<string> {
  return (await json<ErrorBody>(response)).error.code;
}

/** Asks until there is no credit; answers with how many were served. Where others hold it for the moment it asks again. */
async function spendAll(member: MeteredMember): Promise<number> {
  for (let served = 0; ; ) {
    const response = await ask(member);
    if (response.status === 200) {
      await response.text();
      served += 1;
      continue;
    }
    if (response.status === 402) return served;
    expect([response.status, await codeOf(response)]).toEqual([429, 'budget_in_flight']);
  }
}

describe('the wallet of a metered organization', () => {
  it('is charged what requests cost, and shows it at once', async () => {
    const metered = await meteredOrganization(1_000_000);
    const member = memberOf(metered, 0);
    for (let i = 0; i < 3; i++) expect((await ask(member)).status).toBe(200);
    expect(await keyOf(member.apiKey)).toMatchObject({ usage: '0.00003' });
    const { balance, lent } = await walletOf(metered);
    expect(balance).toBe(1_000_000 - 3 * COST);
    // The first asked for itself and 32 more like it; three are spent.
    expect(lent).toBe(300_000);
  });

  it('may be spent to the last by anyone, whoever has borrowed of it', async () => {
    const metered = await meteredOrganization(50 * COST);
    expect((await ask(memberOf(metered, 0))).status).toBe(200);
    // The first member goes idle with a lease; the second takes all.
    expect(await spendAll(memberOf(metered, 1))).toBe(49);
    expect(await walletOf(metered)).toEqual({ balance: 0, lent: 0 });
    expect((await ask(memberOf(metered, 0))).status).toBe(402);
    await metered.wallet.post('top_up', 50 * COST);
    const served = await Promise.all(metered.members.map(spendAll));
    expect(served.reduce((sum, each) => sum + each)).toBe(50);
    expect(await walletOf(metered)).toEqual({ balance: 0, lent: 0 });
  });

  it('ends a stream where it ends, and not before', async () => {
    const credits = 2_000_000;
    const metered = await meteredOrganization(credits);
    const text = await (await ask(memberOf(metered, 0), { stream: true, demo: { outputTokens: 5_000 } })).text();
    expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'insufficient_credits' } }, '[DONE]']);
    const words = wordsIn(text).length;
    // All but the tail that is kept for what the provider makes after its cancel.
    expect(words * 2_000 + 2_000).toBeGreaterThan(credits - 70 * 2_000);
    await until(
      async () => ((await walletOf(metered)).balance === credits - words * 2_000 - 2_000 ? true : null),
      'the charge',
    );
  });

  it('too small for a first slice serves what it has', async () => {
    const metered = await meteredOrganization(60_000);
    const text = await (await ask(memberOf(metered, 0), { stream: true, demo: { outputTokens: 5 } })).text();
    expect(wordsIn(text).length).toBe(5);
  });

  it('too small for the worst case of an answer has it gathered; one too large by far is cut', async () => {
    const metered = await meteredOrganization(2_000_000);
    const member = memberOf(metered, 0);
    const whole = await ask(member, { max_tokens: 64_000, demo: { outputTokens: 300 } });
    expect([whole.status, whole.headers.get('x-purser-cut')]).toEqual([200, null]);
    const cut = await ask(member, { max_tokens: 64_000, demo: { outputTokens: 5_000 } });
    expect([cut.status, cut.headers.get('x-purser-cut')]).toEqual([200, 'wallet']);
    await cut.text();
    // Less than the tail that is kept for what a provider makes after its cancel: 64 tokens. The settlement may travel with a next request.
    await expect.poll(async () => (await walletOf(metered)).balance, { timeout: 5_000 }).toBe(126_000);
  });
});

describe('where the wallet does not answer', () => {
  it('nothing is refused while a lease lasts; then nothing is sent, and no money stays held', async () => {
    const metered = await meteredOrganization(1_000 * COST);
    const member = memberOf(metered, 0);
    expect((await ask(member)).status).toBe(200);
    const { lent } = await walletOf(metered);
    await member.replaceWallet({ sync: () => Promise.reject(new Error('object unreachable')) });
    for (let left = lent; left >= COST; left -= COST) expect((await ask(member)).status).toBe(200);
    const refused = await ask(member);
    expect([refused.status, refused.headers.get('retry-after'), await codeOf(refused)]).toEqual([
      503,
      '2',
      'budget_unavailable',
    ]);
    expect(await keyOf(member.apiKey)).toMatchObject({ member: { status: { held: '0' } } });
    await replace(member.stub, {});
    expect((await ask(member)).status).toBe(200);
  });
});

it('developers see nothing of what the organization has', async () => {
  const metered = await meteredOrganization(1_000_000);
  const member = memberOf(metered, 0);
  const response = await ask(member);
  expect([...response.headers.keys()].filter((name) => name.startsWith('x-purser-budget'))).toEqual([]);
  expect(JSON.stringify(await keyOf(member.apiKey))).not.toMatch(/wallet|credit|lease/);
});
