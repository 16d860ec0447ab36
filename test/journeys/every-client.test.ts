/**
 * Every official client, unmodified but for base URL and key, with a model of every provider: what one gateway is for. The
 * providers are played by aimock, each in its own protocol; the cost is what it says to have counted, at the model's price.
 */
import { execFile } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ChatCompletionRequest, type FixtureResponse, LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../scripts/server.ts';
import { AI_SDK } from '../support/clients/ai-sdk.ts';
import { anthropicMessages } from '../support/clients/anthropic.ts';
import type { At, OfficialClient } from '../support/clients/client.ts';
import { googleGenAi } from '../support/clients/google.ts';
import { LANGCHAIN } from '../support/clients/langchain.ts';
import { openaiChat, openaiResponses } from '../support/clients/openai.ts';
import { api, startEmpty, until } from '../support/purser.ts';

const CLIENTS = [openaiChat, openaiResponses, anthropicMessages, googleGenAi, ...AI_SDK, ...LANGCHAIN];

/** What the provider says of every answer. */
const COUNTED = { usage: { prompt_tokens: 1_000, completion_tokens: 100 } };

/** A model of each, and what such an answer costs, in nanodollars. */
const MODELS: [string, number][] = [
  ['gpt-5.5', 1_000 * 5_000 + 100 * 30_000],
  ['claude-haiku-4-5', 1_000 * 1_000 + 100 * 5_000],
  ['gemini-3.1-flash-lite', 1_000 * 250 + 100 * 1_500],
];

const SAID = 'All is well in the galley.';
/** Asks for a tool, and for one call of it at most: Gemini's protocol cannot say the latter. */
const LACKING = 'ai, @ai-sdk/anthropic with gemini-3.1-flash-lite';

/** Who never hangs up. */
const STAYS = new AbortController().signal;

const SHIP = { ship: 'Purser', masts: 3 };

describe('through the gateway', () => {
  const mock = new LLMock({ port: 0, latency: 0 });
  let purser: Awaited<ReturnType<typeof startEmpty>>;

  beforeAll(async () => {
    play(mock);
    const url = await mock.start();
    purser = await startEmpty({
      OPENAI_API_KEY: 'sk-upstream',
      OPENAI_BASE_URL: `${url}/v1`,
      ANTHROPIC_API_KEY: 'sk-ant-upstream',
      ANTHROPIC_BASE_URL: url,
      GOOGLE_API_KEY: 'AIza-upstream',
      GOOGLE_BASE_URL: url,
    });
  });

  afterAll(async () => {
    await purser?.stop();
    await mock.stop();
  });

  async function member(model: string, usageLimit = '100') {
    const seeded = await purser.seed({ budget: { usageLimit } });
    const at: At = { origin: purser.server.url, apiKey: seeded.apiKey, model };
    return { at, ...api(purser.server, seeded) };
  }

  describe('what docs/clients.md says', () => {
    async function run(command: string, ...args: string[]) {
      const { at } = await member('', '1');
      const env = { ...process.env, PURSER_URL: at.origin, PURSER_API_KEY: at.apiKey };
      return (await promisify(execFile)(command, args, { cwd: ROOT, env })).stdout;
    }

    it.each(examples('sh'))('works in a shell: %s', async (_, code) => {
      expect(await run('sh', '-c', code)).toMatch(/word1|"member":/);
    });

    it.each(examples('js'))('works in Node: %s', async (_, code) => {
      expect(await run(process.execPath, '--input-type=module', '--eval', code)).toMatch(/^(word1 .* word20\n)+$/);
    });
  });

  describe.each(CLIENTS)('$name', (client) => {
    describe.each(MODELS)('with %s', (model, costNanos) => {
      /** That so many answers were paid for, to the nanodollar, once all has been settled. */
      async function paidFor(answers: number, { status }: Awaited<ReturnType<typeof member>>) {
        await until(async () => (await status()).held === '0', 'the settlement');
        expect(Math.round(Number((await status()).usage) * 1e9)).toBe(answers * costNanos);
      }

      it('gets the answer, whole and streamed', async () => {
        const caller = await member(model);
        expect(await client.whole(caller.at, 'tell me all')).toBe(SAID);
        let text = '';
        for await (const part of client.streamed(caller.at, 'tell me all', STAYS)) text += part;
        expect(text).toBe(SAID);
        await paidFor(2, caller);
      });

      it('has its tool called, and gives the result', async () => {
        const caller = await member(model);
        expect(await client.tool(caller.at, 'look it up')).toEqual({
          called: { name: 'look', input: { at: 'the chart' } },
          answer: 'It was a calm sea.',
        });
        await paidFor(2, caller);
      });

      it('gets an answer after its schema', async () => {
        const caller = await member(model);
        if (`${client.name} with ${model}` === LACKING) {
          const refusal = await client.structured(caller.at, 'as JSON').catch(client.refused);
          expect(refusal).toMatchObject({ status: 400, told: expect.stringContaining('tool_choice') });
          return;
        }
        expect(await client.structured(caller.at, 'as JSON')).toEqual(SHIP);
        await paidFor(1, caller);
      });

      it("throws its own error of too many requests when the provider has had them, with the provider's Retry-After", async () => {
        const caller = await member(model);
        for (const ask of bothWays(client, caller.at, 'too fast')) {
          const { isOwnError, status, told, retryAfter } = client.refused(await thrownBy(ask));
          expect([isOwnError, status, retryAfter]).toEqual([true, 429, '7']);
          expect(told).toContain('Slow down.');
        }
        await paidFor(0, caller);
      });
    });

    it('throws its own error when the budget is spent, whole and streamed, with our code and message', async () => {
      const { at } = await member('gpt-5.5', '0');
      for (const ask of bothWays(client, at, 'tell me all')) {
        const { isOwnError, status, told } = client.refused(await thrownBy(ask));
        expect(told).toContain('member_budget_exhausted');
        expect(told).toContain('Member has reached their total spend budget.');
        expect([isOwnError, status]).toEqual([true, 403]);
      }
    });

    it('hangs up: the provider is cancelled, and what was seen is charged', async () => {
      const hungUp = watchHangUps();
      const { at, status } = await member('gpt-4o-mini');
      const leaving = new AbortController();
      let parts = 0;
      const leave = async () => {
        for await (const part of client.streamed(at, 'slowly', leaving.signal)) {
          parts += part === '' ? 0 : 1;
          if (parts === 10) leaving.abort();
        }
      };
      await leave().catch(() => undefined);
      await until(async () => (await status()).held === '0', 'the settlement of a hang-up');
      await until(() => hungUp.count === 1, 'the provider being hung up on').finally(hungUp.stop);
      const outputTokens = (Number((await status()).usage) * 1e9) / 600;
      expect(outputTokens).toBeGreaterThanOrEqual(10);
      expect(outputTokens).toBeLessThan(1_000);
    });
  });
});

/** The blocks of docs/clients.md that can be run as they are. */
function examples(language: 'sh' | 'js'): [string, string][] {
  const document = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');
  const blocks = document.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'));
  return [...blocks].map(([, code = '']) => [code.split('\n')[0] ?? '', code]);
}

/** Whole and streamed. */
function bothWays(client: OfficialClient, at: At, text: string): (() => Promise<unknown>)[] {
  const streamed = async () => {
    for await (const _ of client.streamed(at, text, STAYS));
  };
  return [() => client.whole(at, text), streamed];
}

const thrownBy = (ask: () => Promise<unknown>) =>
  ask().then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );

/** What the providers answer, in whichever protocol they are asked. */
function play(mock: LLMock): void {
  const say = (content: string): FixtureResponse => ({ content, ...COUNTED });
  const call = ({ model }: ChatCompletionRequest): FixtureResponse => ({
    toolCalls: [{ name: 'look', arguments: JSON.stringify({ at: 'the chart' }) }],
    ...COUNTED,
    // Where aimock makes up an end of its own, the true Gemini says STOP.
    ...(model.startsWith('gemini') && { finishReason: 'stop' }),
  });
  mock.onMessage('tell me all', say(SAID));
  mock.on({ userMessage: 'look it up', toolResultContains: 'calm sea' }, say('It was a calm sea.'));
  mock.on({ userMessage: 'look it up', hasToolResult: false }, call);
  mock.onMessage('too fast', { error: { message: 'Slow down.' }, status: 429, retryAfter: 7 });
  mock.onMessage('as JSON', say(JSON.stringify(SHIP)));
  mock.onMessage('slowly', say('knot '.repeat(2_000)), { chunkSize: 5, streamingProfile: { ttft: 0, tps: 100 } });
}

/** Counts the requests to aimock that were hung up on: it runs in this process, and goes on by itself. */
function watchHangUps() {
  const watch = (message: unknown) => {
    const { response } = message as { request: IncomingMessage; response: ServerResponse };
    response.once('close', () => {
      if (!response.writableFinished) hungUp.count++;
    });
  };
  const hungUp = { count: 0, stop: () => void diagnostics.unsubscribe('http.server.request.start', watch) };
  diagnostics.subscribe('http.server.request.start', watch);
  return hungUp;
}
