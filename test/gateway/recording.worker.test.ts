/** The Worker's side of an Idempotency-Key when something goes wrong: the recording object, the client, a handler. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { billable } from '../../src/gateway/replay/billable.ts';
import { beginRecording, Recording } from '../../src/gateway/replay/recording.ts';
import { Seal } from '../../src/gateway/replay/seal.ts';
import type { GatewayContext } from '../../src/gateway/router.ts';
import { LIMITS } from '../../src/limits.ts';
import { demoProvider } from '../../src/local/demo-provider.ts';
import worker from '../../src/local/worker.ts';
import { nanos, ZERO } from '../../src/money/nanos.ts';
import { chat, type ErrorBody, HELLO, json, keyOf, ORIGIN, until } from '../support/gateway.ts';
import { seedOrganization } from '../support/seed.ts';

const KEY = { 'idempotency-key': 'order-4711' };
const ASKED = { model: 'demo/words', messages: HELLO, demo: { outputTokens: 3 } };

const upstream = vi.spyOn(demoProvider, 'send');

afterEach(() => upstream.mockClear());

type Methods = Record<string, (call: never) => Promise<unknown>>;

/** The environment, but some methods of the recording objects are the test's own. */
function recordersThat(methods: Methods): Env {
  const get = (id: DurableObjectId) => {
    const real = env.RECORDED_ANSWERS.get(id);
    return new Proxy(real, { get: (_, name) => methods[name as string] ?? Reflect.get(real, name) });
  };
  return {
    ...env,
    RECORDED_ANSWERS: { idFromName: (name: string) => env.RECORDED_ANSWERS.idFromName(name), get },
  } as unknown as Env;
}

function requestOf(apiKey: string, body: object, signal: AbortSignal | null = null) {
  return new Request(`${ORIGIN}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, ...KEY },
    body: JSON.stringify(body),
    signal,
  }) as Request<unknown, IncomingRequestCfProperties>;
}

async function recorderOf(apiKey: string) {
  const name = await (await Seal.of(apiKey)).nameOf(KEY['idempotency-key']);
  return env.RECORDED_ANSWERS.get(env.RECORDED_ANSWERS.idFromName(name));
}

const unreachable = () => Promise.reject(new Error('object unreachable'));

async function codeOf(response: Response): Promise<string> {
  return (await json<ErrorBody>(response)).error.code;
}

describe('a recording object that fails', () => {
  it('at the beginning is a 503 with Retry-After: nothing is sent, and the claim is let go', async () => {
    const { apiKey } = await seedOrganization();
    let released = false;
    const environment = recordersThat({
      begin: unreachable,
      forget: async () => {
        released = true;
      },
    });
    const ctx = createExecutionContext();
    const response = await worker.fetch(requestOf(apiKey, ASKED), environment, ctx);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await codeOf(response)).toBe('budget_unavailable');
    await waitOnExecutionContext(ctx);
    expect(released).toBe(true);
    expect(upstream).not.toHaveBeenCalled();
  });

  it.each([
    ['whole', false],
    ['streamed', true],
  ])('at the end (%s) is tried again behind the answer, and then repeats get it', async (_, stream) => {
    const { apiKey } = await seedOrganization();
    let tries = 0;
    const environment = recordersThat({
      record: async (call) => {
        tries += 1;
        if (tries < 3) return unreachable();
        return (await recorderOf(apiKey)).record(call);
      },
    });
    const ctx = createExecutionContext();
    const asked = { ...ASKED, stream };
    const first = await worker.fetch(requestOf(apiKey, asked), environment, ctx);
    const text = await first.text();
    expect(first.status).toBe(200);
    expect(tries).toBeLessThan(3);
    await waitOnExecutionContext(ctx);
    const repeat = await chat(apiKey, asked, KEY);
    expect([repeat.headers.get('x-purser-replayed'), await repeat.text()]).toEqual(['true', text]);
  });

  it('to answer soon is waited for before the end of a stream goes out', async () => {
    const { apiKey } = await seedOrganization();
    let recorded = false;
    const environment = recordersThat({
      record: async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        recorded = true;
      },
    });
    const ctx = createExecutionContext();
    const response = await worker.fetch(requestOf(apiKey, { ...ASKED, stream: true }), environment, ctx);
    const reader = response.body?.getReader();
    let text = '';
    while (!text.includes('[DONE]')) text += new TextDecoder().decode((await reader?.read())?.value);
    expect(recorded).toBe(true);
    await waitOnExecutionContext(ctx);
  });

  it('to answer at the end holds up the answer no longer than a settlement may', async () => {
    const { apiKey } = await seedOrganization();
    const startedAtMs = Date.now();
    let hangs = true;
    const environment = recordersThat({
      record: () => (hangs ? new Promise(() => undefined) : Promise.resolve()),
    });
    const ctx = createExecutionContext();
    expect((await worker.fetch(requestOf(apiKey, ASKED), environment, ctx)).status).toBe(200);
    expect(Date.now() - startedAtMs).toBeLessThan(LIMITS.recordBeforeAnswerMs + 2_000);
    hangs = false;
    await waitOnExecutionContext(ctx);
  });
});

describe('a client that hangs up', () => {
  it('before a whole answer finds it when it comes back', async () => {
    const { apiKey } = await seedOrganization();
    const asked = { ...ASKED, demo: { outputTokens: 3, silentMs: 100 } };
    const hangUp = new AbortController();
    const ctx = createExecutionContext();
    const slow = recordersThat({
      record: async (call) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return (await recorderOf(apiKey)).record(call);
      },
    });
    void worker.fetch(requestOf(apiKey, asked, hangUp.signal), slow, ctx);
    await until(async () => (upstream.mock.calls.length > 0 ? true : null), 'the first to be sent');
    hangUp.abort();
    // Nobody waits for the answer any more: what goes on does so in the background.
    await waitOnExecutionContext(ctx);
    const repeat = await chat(apiKey, asked, KEY);
    expect([repeat.status, repeat.headers.get('x-purser-replayed')]).toEqual([200, 'true']);
    expect(upstream).toHaveBeenCalledTimes(1);
    expect((await keyOf(apiKey)).usage).toBe('0.000008');
  });

  it('in the middle of a stream cancels it, and cannot have what was charged again', async () => {
    const { apiKey } = await seedOrganization();
    const asked = { ...ASKED, stream: true, demo: { outputTokens: 500, tokensPerSecond: 100 } };
    const hangUp = new AbortController();
    const ctx = createExecutionContext();
    const response = await worker.fetch(requestOf(apiKey, asked, hangUp.signal), env, ctx);
    const reader = response.body?.getReader();
    for (let i = 0; i < 3; i++) await reader?.read();
    hangUp.abort();
    await waitOnExecutionContext(ctx);
    const repeat = await chat(apiKey, asked, KEY);
    expect([repeat.status, await codeOf(repeat)]).toEqual([409, 'idempotency_not_replayable']);
    expect((await keyOf(apiKey)).member.status.held).toBe('0');
    expect(upstream).toHaveBeenCalledTimes(1);
  });

  it('before anything was sent is forgotten', async () => {
    const { apiKey } = await seedOrganization();
    const hangUp = new AbortController();
    hangUp.abort();
    const ctx = createExecutionContext();
    await worker.fetch(requestOf(apiKey, ASKED, hangUp.signal), env, ctx);
    await waitOnExecutionContext(ctx);
    expect((await chat(apiKey, ASKED, KEY)).status).toBe(200);
    expect(upstream).toHaveBeenCalledTimes(1);
  });
});

it('a handler that throws leaves its claim to lapse: nobody knows what it sent', async () => {
  const { apiKey } = await seedOrganization();
  const ctx = createExecutionContext();
  const context = { env, ctx, request: requestOf(apiKey, ASKED), requestId: 'req_1', recording: null };
  const handle = billable(() => Promise.reject(new Error('a bug')));
  await expect(handle(context as unknown as GatewayContext, '')).rejects.toThrow('a bug');
  await waitOnExecutionContext(ctx);
  expect(await codeOf(await chat(apiKey, ASKED, KEY))).toBe('idempotency_in_flight');
});

describe('a claim', () => {
  const partsOf = async (environment: Env, claimId: string, ctx = createExecutionContext()) => {
    const seal = await Seal.of('psr_test');
    return { env: environment, ctx, seal, name: await seal.nameOf(claimId), claimId };
  };

  it('is renewed while its request runs, through failures, until it ends or a repeat has taken it', async () => {
    const renewals: Record<string, number> = { running: 0, ended: 0, taken: 0 };
    const environment = recordersThat({
      renew: async ({ claimId }: { claimId: string }) => {
        renewals[claimId] = (renewals[claimId] ?? 0) + 1;
        if (claimId === 'running' && renewals.running === 2) return unreachable();
        return claimId !== 'taken';
      },
    });
    const claimed = async (claimId: string) => new Recording(await partsOf(environment, claimId), 10);
    const [running, ended] = [await claimed('running'), await claimed('ended'), await claimed('taken')];
    const renewed = (times: number) =>
      until(async () => ((renewals.running ?? 0) >= times ? true : null), `${times} renewals`);
    await renewed(4);
    await ended.end();
    const before = renewals.ended;
    await renewed(10);
    await running.end();
    expect([renewals.ended, renewals.taken]).toEqual([before, 1]);
    expect(before).toBeGreaterThan(0);
  });

  it('ends once: what comes later changes nothing', async () => {
    const parts = await partsOf(env, 'once');
    const begun = await beginRecording(parts, 'print');
    if (!('recording' in begun)) throw new Error('not the first');
    const { recording } = begun;
    recording.spent(ZERO);
    recording.spent(nanos(5));
    recording.spent(ZERO);
    recording.add('a');
    await recording.complete(' b', new Headers({ 'content-type': 'text/event-stream' }));
    recording.add(' c');
    await recording.end();
    const repeat = await beginRecording({ ...parts, claimId: 'another' }, 'print');
    if (!('answer' in repeat)) throw new Error('no replay');
    expect(new TextDecoder().decode(repeat.answer.body)).toBe('a b');
  });
});
