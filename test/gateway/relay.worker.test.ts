import { waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { gemini } from '../../src/gateway/gemini/protocol.ts';
import { messages } from '../../src/gateway/messages/protocol.ts';
import { LIMITS } from '../../src/limits.ts';
import { eventsIn, keyOf, until, wordsIn } from '../support/gateway.ts';
import { eventStream, type Kind, relayed, type Send, TIMES, textOf } from '../support/relayed.ts';

const delta = (text: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] })}\n\n`;

describe('a silent upstream', () => {
  it('opens the stream in time, with comments of one newline between events', async () => {
    const { answered, apiKey } = await relayed('stream', async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return eventStream([delta('a'), delta(' b'), delta('', 'stop'), 'data: [DONE]\n\n'], 80);
    });
    const text = await textOf(answered);
    expect(text.startsWith(': ping\n')).toBe(true);
    expect(text.match(/: ping\n/g)?.length).toBeGreaterThan(2);
    expect(text).not.toContain(': ping\n\n');
    expect(wordsIn(text)).toEqual(['a', 'b']);
    expect((await keyOf(apiKey)).usage).toBe('0.000006');
  });

  it('that never answers is a 504 before the first byte and an error event after it', async () => {
    const never: Send = () => new Promise(() => undefined);
    const whole = await relayed('whole', never);
    expect(whole.answered).toMatchObject({ kind: 'upstream_timeout' });
    const stream = await relayed('stream', never);
    expect(eventsIn(await textOf(stream.answered))).toMatchObject([{ error: { code: 'upstream_timeout' } }, '[DONE]']);
    expect(await keyOf(stream.apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });
});

it('ends an answer that trickles on past the longest that one may take, and charges what came', async () => {
  const trickle = async () =>
    eventStream(
      Array.from({ length: 90 }, () => delta(' a')),
      50,
    );
  const { answered, apiKey } = await relayed('stream', trickle);
  const text = await textOf(answered);
  expect(eventsIn(text).slice(-2)).toMatchObject([{ error: { code: 'upstream_timeout' } }, '[DONE]']);
  expect(wordsIn(text).length).toBeGreaterThan(10);
  expect(await keyOf(apiKey)).toMatchObject({ member: { status: { held: '0' } } });
  expect((await keyOf(apiKey)).usage).not.toBe('0');
});

it('tells the cost on usage that comes with the end of a choice', async () => {
  const usage = { prompt_tokens: 2, completion_tokens: 1 };
  const last = (index: number) =>
    `data: ${JSON.stringify({ choices: [{ index, delta: {}, finish_reason: 'stop' }], usage })}\n\n`;
  const upstream = async () => eventStream([delta('a'), last(0), last(1), 'data: [DONE]\n\n']);
  const { answered } = await relayed('stream', upstream, undefined, { wantsUsage: true });
  expect(eventsIn(await textOf(answered)).slice(1)).toMatchObject([
    { choices: [{ index: 0, finish_reason: 'stop' }], usage },
    { choices: [{ index: 1, finish_reason: 'stop' }], usage: { ...usage, cost: '0.000004' } },
    '[DONE]',
  ]);
});

describe('a stream that is not what it should be', () => {
  it.each<[string, () => Response]>([
    ['an HTML page', () => new Response('<html>busy</html>', { headers: { 'content-type': 'text/html' } })],
    ['JSON instead of events', () => Response.json({ choices: [] })],
    ['an empty stream', () => eventStream([])],
    ['an error inside a 200', () => eventStream(['data: {"error":{"message":"overloaded"}}\n\n'])],
    ['garbage', () => eventStream(['data: {{{\n\n'])],
  ])('(%s) costs nothing and is told as an upstream error', async (_, upstream) => {
    const { answered, apiKey } = await relayed('stream', async () => upstream());
    const events =
      answered instanceof Response ? eventsIn(await answered.text()) : [{ error: { code: answered.kind } }, '[DONE]'];
    expect(events).toMatchObject([{ error: { code: 'upstream_error' } }, '[DONE]']);
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });

    const gathered = await relayed('gathered', async () => upstream());
    expect(gathered.answered).toMatchObject({ kind: 'upstream_error' });
    expect(await keyOf(gathered.apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });

  it.each<[string, string[]]>([
    ['events split at every byte', [...`${delta('a')}${delta(' b', 'stop')}data: [DONE]\n\n`]],
    ['CRLF line ends', [`${delta('a')}${delta(' b', 'stop')}data: [DONE]\n\n`.replaceAll('\n', '\r\n')]],
    ['comments in between', [': keep-alive\n\n', delta('a'), ': x\n\n', delta(' b', 'stop'), 'data: [DONE]\n\n']],
    ['no end mark after a finished answer', [delta('a'), delta(' b', 'stop')]],
    ['a last event without its blank line', [delta('a'), delta(' b', 'stop').trimEnd()]],
  ])('(%s) is read all the same', async (_, parts) => {
    const { answered, apiKey } = await relayed('stream', async () => eventStream(parts));
    const text = (await textOf(answered)).replaceAll('\r\n', '\n');
    expect(wordsIn(text)).toEqual(['a', 'b']);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect((await keyOf(apiKey)).usage).toBe('0.000006');

    const gathered = await relayed('gathered', async () => eventStream(parts));
    const choice = { index: 0, message: { role: 'assistant', content: 'a b' }, finish_reason: 'stop' };
    expect(JSON.parse(await textOf(gathered.answered))).toEqual({ object: 'chat.completion', choices: [choice] });
    expect((await keyOf(gathered.apiKey)).usage).toBe('0.000006');
  });

  it('that breaks off looks broken to the client', async () => {
    const { answered, apiKey } = await relayed('stream', async () => eventStream([delta('a'), delta(' b')]));
    expect(eventsIn(await textOf(answered)).slice(-2)).toMatchObject([{ error: { code: 'upstream_error' } }, '[DONE]']);
    expect((await keyOf(apiKey)).usage).toBe('0.000006');
    const gathered = await relayed('gathered', async () => eventStream([delta('a'), delta(' b')]));
    expect(gathered.answered).toMatchObject({ kind: 'upstream_error' });
    expect((await keyOf(gathered.apiKey)).usage).toBe('0.000006');
  });

  it.each([
    { prompt_tokens: -5, completion_tokens: 1.5 },
    { prompt_tokens: 2, completion_tokens: 9e15 },
    { prompt_tokens: '2', completion_tokens: null },
  ])('with the nonsensical usage %j is charged by its text', async (usage) => {
    const last = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
    const { answered, apiKey } = await relayed('stream', async () =>
      eventStream([delta('a', 'stop'), last, 'data: [DONE]\n\n']),
    );
    await textOf(answered);
    expect((await keyOf(apiKey)).usage).toBe('0.000004');
  });
});

describe('output of any kind', () => {
  const frame = (choice: object) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`;
  const words = 'four words of text';

  it.each<[string, object]>([
    ['content in parts', { delta: { content: [{ type: 'text', text: words }] } }],
    ['a function call', { delta: { function_call: { arguments: words } } }],
    ['a tool call', { delta: { tool_calls: [{ index: 0, function: { arguments: words } }] } }],
    ['a custom tool call', { delta: { tool_calls: [{ index: 0, type: 'custom', custom: { input: words } }] } }],
    ['a refusal', { delta: { refusal: words } }],
    ['reasoning', { delta: { reasoning_content: words } }],
    ['what nobody has heard of', { delta: { novelty: { deep: [words] } } }],
  ])('(%s) is counted', async (_, choice) => {
    const parts = [frame(choice), delta('', 'stop'), 'data: [DONE]\n\n'];
    const { answered, apiKey } = await relayed('stream', async () => eventStream(parts));
    await textOf(answered);
    expect((await keyOf(apiKey)).usage).toBe('0.00001');
  });

  it('is counted beside a choice that is malformed', async () => {
    const both = `data: ${JSON.stringify({ choices: [null, { delta: { content: words } }] })}\n\n`;
    const { answered, apiKey } = await relayed('stream', async () => eventStream([both, delta('', 'stop')]));
    await textOf(answered);
    expect((await keyOf(apiKey)).usage).toBe('0.00001');
  });
});

describe('a usage that is not the last word', () => {
  const usage = (prompt: number, completion: number, choices: object[] = []) =>
    `data: ${JSON.stringify({ choices, usage: { prompt_tokens: prompt, completion_tokens: completion } })}\n\n`;
  const twenty = Array.from({ length: 20 }, () => delta(' w'));

  it('does not make the text after it free when the upstream dies', async () => {
    const { answered, apiKey } = await relayed('stream', async () => eventStream([usage(10, 0), ...twenty]));
    await textOf(answered);
    expect((await keyOf(apiKey)).usage).toBe('0.00005');
  });

  it.each<[Kind, string]>([
    ['stream', usage(10, 5)],
    ['gathered', usage(10, 5)],
    ['whole', '{"error": "overloaded", "usage": {"prompt_tokens": 10, "completion_tokens": 5}}'],
  ])('is charged where nothing but it came before a %s answer failed', async (kind, said) => {
    const upstream = async () => (kind === 'whole' ? new Response(said) : eventStream([said]));
    const { answered, apiKey } = await relayed(kind, upstream, undefined, { demo: { reasoningTokens: 5 } });
    if (answered instanceof Response) await answered.text();
    expect((await keyOf(apiKey)).usage).toBe('0.00002');
  });

  it('is charged although it is beyond the hold and the upstream died after it: no estimate, but an overrun', async () => {
    const parts = [delta('a'), usage(10, 500, [{ delta: { content: ' b' } }])];
    const { answered, apiKey } = await relayed('stream', async () => eventStream(parts));
    await textOf(answered);
    expect((await keyOf(apiKey)).usage).toBe('0.00101');
  });

  it('is not lowered by a later one', async () => {
    const parts = [...twenty, delta('', 'stop'), usage(10, 20), usage(0, 0), 'data: [DONE]\n\n'];
    const { answered, apiKey } = await relayed('stream', async () => eventStream(parts));
    await textOf(answered);
    expect((await keyOf(apiKey)).usage).toBe('0.00005');
  });

  it('of no output for an answer that has some is not believed', async () => {
    const answer = {
      choices: [{ message: { content: 'three short words' } }],
      usage: { prompt_tokens: 2, completion_tokens: 0 },
    };
    const { apiKey } = await relayed('whole', async () => Response.json(answer));
    expect((await keyOf(apiKey)).usage).toBe('0.000008');
  });

  it.each<Kind>(['whole', 'stream', 'gathered'])('of no input for a %s answer is not believed', async (kind) => {
    const counted = { prompt_tokens: 0, completion_tokens: 3 };
    const whole = () => Response.json({ choices: [{ message: { content: 'three short words' } }], usage: counted });
    const events = () => eventStream([delta('three short words', 'stop'), usage(0, 3), 'data: [DONE]\n\n']);
    const { answered, apiKey } = await relayed(kind, async () => (kind === 'whole' ? whole() : events()));
    await textOf(answered);
    // Two words in and three out.
    expect((await keyOf(apiKey)).usage).toBe('0.000008');
  });

  it('rides on no event of a client that did not ask', async () => {
    const counting = [
      usage(10, 1, [{ delta: { content: 'a' } }]),
      usage(10, 2, [{ delta: { content: ' b' }, finish_reason: 'stop' }]),
    ];
    const { answered, apiKey } = await relayed('stream', async () => eventStream([...counting, 'data: [DONE]\n\n']));
    const text = await textOf(answered);
    expect(text).not.toContain('usage');
    expect(wordsIn(text)).toEqual(['a', 'b']);
    expect((await keyOf(apiKey)).usage).toBe('0.000014');
  });
});

describe('an answer that is gathered and cut', () => {
  /** Covers 20 words and no more: five are kept for what comes after the cancel. */
  const LITTLE = { usageLimit: '0.000042', covered: 20 };
  const call = (args: string) => {
    const toolCall = { index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: args } };
    return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [toolCall] }, finish_reason: null }] })}\n\n`;
  };
  const cutFrom = (parts: string[]) => relayed('gathered', async () => eventStream(parts), undefined, LITTLE);
  const words = (count: number) => Array.from({ length: count }, () => delta(' w'));

  it('in a tool call is refused, at the price of what was made', async () => {
    const { answered, headers, apiKey } = await cutFrom([
      delta('Let me see.'),
      ...words(5),
      call('x'),
      call(' x'.repeat(20)),
    ]);
    expect(answered).toMatchObject({ kind: 'exhausted', view: { scope: 'member_total' } });
    expect(headers['x-purser-cut']).toBeUndefined();
    // 30 words were made; no more than the hold is charged.
    expect(headers['x-purser-cost']).toBe('0.000042');
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0.000042', member: { status: { held: '0' } } });
  });

  it('before it said anything is refused', async () => {
    const { answered } = await cutFrom([delta('w '.repeat(30))]);
    expect(answered).toMatchObject({ kind: 'exhausted' });
  });

  it('in its text is told whole, up to what the hold covers', async () => {
    const { answered, headers, apiKey } = await cutFrom([...words(10), delta(' w'.repeat(30)), ...words(50)]);
    expect(JSON.parse(await textOf(answered))).toMatchObject({
      choices: [{ message: { content: ' w'.repeat(10) }, finish_reason: 'length' }],
      usage: { prompt_tokens: 2, completion_tokens: 40 },
    });
    expect(headers['x-purser-cut']).toBe('member_total');
    expect((await keyOf(apiKey)).usage).toBe('0.000042');
  });
});

describe('a whole answer that is not what it should be', () => {
  it.each<[string, () => Response]>([
    ['an HTML page', () => new Response('<html>busy</html>')],
    ['an empty body', () => new Response('')],
    ['an error inside a 200', () => Response.json({ error: { message: 'overloaded' } })],
    ['an error as text inside a 200', () => Response.json({ error: 'overloaded' })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://example.com' } })],
  ])('(%s) costs nothing and is told as an upstream error', async (_, upstream) => {
    const { answered, apiKey } = await relayed('whole', async () => upstream());
    expect(answered).toMatchObject({ kind: 'upstream_error' });
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0', member: { status: { held: '0' } } });
  });

  it('(broken off in the middle) is charged its input, and the rest of its hold is unresolved', async () => {
    const half = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"choices":[{"message":{"content":"many words'));
        controller.error(new Error('connection lost'));
      },
    });
    const { answered, apiKey, memberId } = await relayed('whole', async () => new Response(half));
    expect(answered).toMatchObject({ kind: 'upstream_error' });
    expect((await keyOf(apiKey)).usage).toBe('0.000002');
    await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
    const ledger = env.DB.prepare('SELECT cost, unresolved FROM member_ledgers WHERE member_id = ?').bind(memberId);
    expect(await ledger.first()).toEqual({ cost: 2_000, unresolved: 200_000 });
  });

  it.each<[string, () => Response, string, number]>([
    ['that broke off', () => eventStream([delta('')]), '0.000002', 200_000],
    ['that fell silent', () => new Response(new ReadableStream(), eventStream([])), '0.000002', 200_000],
    ['that reports an error', () => eventStream(['data: {"error":"overloaded"}\n\n']), '0', 0],
  ])('(a stream of hidden output %s) is charged alike', async (_, upstream, usage, unresolved) => {
    const demo = { reasoningTokens: 50 };
    const { answered, apiKey, memberId } = await relayed('stream', async () => upstream(), undefined, { demo });
    if (answered instanceof Response) await answered.text();
    expect((await keyOf(apiKey)).usage).toBe(usage);
    await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
    const ledger = env.DB.prepare('SELECT unresolved FROM member_ledgers WHERE member_id = ?').bind(memberId);
    expect(await ledger.first()).toEqual({ unresolved });
  });

  it('(without usage) is charged by its text', async () => {
    const answer = { choices: [{ message: { content: 'three short words' }, finish_reason: 'stop' }] };
    const { apiKey } = await relayed('whole', async () => Response.json(answer));
    expect((await keyOf(apiKey)).usage).toBe('0.000008');
  });
});

describe('a client that hangs up', () => {
  it('before a whole answer is charged what the provider reports soon after', async () => {
    const hangUp = new AbortController();
    const usage = { prompt_tokens: 2, completion_tokens: 9 };
    const { apiKey, ctx } = await relayed(
      'whole',
      async () => {
        hangUp.abort();
        return Response.json({ choices: [], usage });
      },
      hangUp.signal,
      { times: LIMITS },
    );
    await waitOnExecutionContext(ctx);
    expect((await keyOf(apiKey)).usage).toBe('0.00002');
  });

  it('before an answer that does not come in time is charged its input, and the upstream is cancelled', async () => {
    const hangUp = new AbortController();
    hangUp.abort();
    let cancelled = false;
    const { apiKey } = await relayed(
      'whole',
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            cancelled = true;
            reject(signal.reason);
          });
        }),
      hangUp.signal,
    );
    expect(cancelled).toBe(true);
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0.000002', member: { status: { held: '0' } } });
  });

  /**
   * An upstream whose client leaves as soon as it has read `before`. `after` comes then; never, where it is null. Nothing else is to
   * happen in time: with the patience of a deployment a slow machine takes no pause for a silence.
   */
  async function leaving(kind: Kind, before: string[], after: string[] | null, drainMs?: number, demo?: object) {
    const times = { ...LIMITS, ...(drainMs !== undefined && { drainMs }) };
    const hangUp = new AbortController();
    const encoder = new TextEncoder();
    const toCome = [...before];
    const body = new ReadableStream<Uint8Array>(
      {
        // Asked for the next part, all before it were read and passed on.
        async pull(controller) {
          const part = toCome.shift();
          if (part !== undefined) {
            controller.enqueue(encoder.encode(part));
            return;
          }
          hangUp.abort();
          if (after === null) return new Promise(() => undefined);
          controller.enqueue(encoder.encode(after.join('')));
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    let cancelled = false;
    const send: Send = async (signal) => {
      signal.addEventListener('abort', () => {
        cancelled = true;
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    const { apiKey, ctx, memberId, answered } = await relayed(kind, send, hangUp.signal, { demo, times });
    if (answered instanceof Response) {
      await answered.body?.pipeTo(new WritableStream(), { signal: hangUp.signal }).catch(() => undefined);
    }
    await waitOnExecutionContext(ctx);
    await env.MEMBER_BUDGET.get(env.MEMBER_BUDGET.idFromName(memberId)).ship({ memberId });
    const event = await env.DB.prepare('SELECT outcome, estimated FROM usage_events WHERE member_id = ?')
      .bind(memberId)
      .first();
    const { usage, member } = await keyOf(apiKey);
    expect(member.status.held).toBe('0');
    return { ...event, usage, cancelled };
  }

  const counted = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 2, completion_tokens: 9 } })}\n\ndata: [DONE]\n\n`;

  describe.each<Kind>(['stream', 'gathered'])('of a %s answer', (kind) => {
    it('that is at its end is charged what the provider then counts', async () => {
      const after = await leaving(kind, [delta('a'), delta(' b', 'stop')], [counted]);
      expect(after).toEqual({ outcome: 'client_gone', estimated: 0, usage: '0.00002', cancelled: false });
    });

    it('that can only go on for a few words more is charged what the provider then counts', async () => {
      const words = Array.from({ length: 100 - LIMITS.tailTokens }, () => delta(' w'));
      const after = await leaving(kind, words, [delta('', 'stop'), counted]);
      expect(after).toMatchObject({ outcome: 'client_gone', cancelled: false });
    });

    it('that may go on cancels it, and is charged what came', async () => {
      const words = Array.from({ length: 100 - LIMITS.tailTokens - 1 }, () => delta(' w'));
      const after = await leaving(kind, words, [delta('', 'stop'), counted]);
      expect(after).toEqual({ outcome: 'client_gone', estimated: 1, usage: '0.000072', cancelled: true });
    });

    it('is waited for no longer than that', async () => {
      const after = await leaving(kind, [delta('a', 'stop')], null, 50);
      expect(after).toEqual({ outcome: 'client_gone', estimated: 1, usage: '0.000004', cancelled: true });
    });
  });

  it('of a stream whose reasoning nobody sees waits for the end, which alone tells what it cost', async () => {
    const after = await leaving('stream', [delta('a')], [delta(' b', 'stop'), counted], undefined, {
      reasoningTokens: 4,
    });
    expect(after).toEqual({ outcome: 'client_gone', estimated: 0, usage: '0.00002', cancelled: false });
  });

  it('that stalls and reads nothing does not keep its hold once the stream is stopped', async () => {
    const hangUp = new AbortController();
    const endless = Array.from({ length: 100 }, () => delta(' c'));
    const { apiKey, answered } = await relayed('stream', async () => eventStream(endless, 5), hangUp.signal);
    expect(answered).toBeInstanceOf(Response);
    hangUp.abort();
    await until(async () => ((await keyOf(apiKey)).member.status.held === '0' ? true : null), 'the settlement');
  });

  it('is taken for gone where it stays but takes nothing: its hold does not live as long as its connection', async () => {
    const endless = Array.from({ length: 1_000 }, () => delta(' c'));
    const { apiKey, answered } = await relayed('stream', async () => eventStream(endless, 5));
    expect(answered).toBeInstanceOf(Response);
    await until(async () => ((await keyOf(apiKey)).member.status.held === '0' ? true : null), 'the settlement');
  });

  it('that comes back after it was given up on does not find an end that looks whole', async () => {
    const endless = Array.from({ length: 1_000 }, () => delta(' c'));
    const { apiKey, answered } = await relayed('stream', async () => eventStream(endless, 5));
    if (!(answered instanceof Response)) throw new Error('refused');
    await until(async () => ((await keyOf(apiKey)).member.status.held === '0' ? true : null), 'the settlement');
    await expect(answered.text()).rejects.toThrow();
  });

  it('during a stream cancels the upstream and is charged what came', async () => {
    const hangUp = new AbortController();
    let cancelled = false;
    const { apiKey, answered } = await relayed(
      'stream',
      async (signal) => {
        signal.addEventListener('abort', () => {
          cancelled = true;
        });
        return eventStream([delta('a'), delta(' b'), ...Array.from({ length: 100 }, () => delta(' c'))], 50);
      },
      hangUp.signal,
    );
    if (!(answered instanceof Response)) throw new Error('refused');
    const reader = answered.body?.getReader();
    await reader?.read();
    hangUp.abort();
    await until(async () => ((await keyOf(apiKey)).member.status.held === '0' ? true : null), 'the settlement');
    expect(cancelled).toBe(true);
    const words = (Math.round(Number((await keyOf(apiKey)).usage) * 1e6) - 2) / 2;
    expect(words).toBeGreaterThanOrEqual(1);
    expect(words).toBeLessThan(50);
  });
});

it.each<Kind>(['whole', 'gathered', 'stream'])(
  'an answer (%s) that our translation cannot say is our failure, charged once as reported',
  async (kind) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const usageMetadata = { promptTokenCount: 2, candidatesTokenCount: 9 };
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
    const json = JSON.stringify({
      candidates: [{ content: { parts }, finishReason: 'STOP', index: 0 }],
      usageMetadata,
    });
    const send = async () => (kind === 'whole' ? new Response(json) : eventStream([`data: ${json}\n\n`]));
    const { answered, apiKey } = await relayed(kind, send, undefined, { protocol: messages, served: gemini });
    if (answered instanceof Response) expect(await answered.text()).toContain('"internal_error"');
    else expect(answered).toEqual({ kind: 'internal_error' });
    expect(await keyOf(apiKey)).toMatchObject({ usage: '0.00002', member: { status: { held: '0' } } });
    expect(logged.mock.calls.flat().join()).toContain('unexpected_error');
    logged.mockRestore();
  },
);

it('gives every wait of the relay a limit', () => {
  for (const name of Object.keys(TIMES) as (keyof typeof TIMES)[]) expect(LIMITS[name]).toBeGreaterThan(0);
});
