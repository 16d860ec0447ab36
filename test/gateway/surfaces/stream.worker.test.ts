/** Surfaces that answer with events: each passes as it comes, and the event that ends it tells what it cost. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { openai } from '../../../src/gateway/providers/openai.ts';
import type { SurfaceId } from '../../../src/gateway/surfaces/surface.ts';
import type { Mapping } from '../../../src/models/catalogue.ts';
import type { Rates } from '../../../src/money/price.ts';
import { eventsIn, keyOf, ORIGIN } from '../../support/gateway.ts';
import { seedOrganization } from '../../support/seed.ts';

// What fails here is meant to, and logged.
vi.spyOn(console, 'warn').mockImplementation(() => undefined);

function mapping(name: string, serves: readonly SurfaceId[], rates: Rates): Mapping {
  return {
    id: `openai/${name}`,
    provider: 'openai',
    upstreamModel: name,
    canonicalModel: name,
    serves,
    contextTokens: 100_000,
    maxOutputTokens: 10_000,
    reasons: 'never',
    abilities: { tools: false, images: false, jsonSchema: false, reasoning: false },
    prices: [{ version: `${name}@1`, effectiveFrom: null, tiers: [{ aboveInputTokens: 0, rates }] }],
  };
}

const app = createApp({
  mappings: [
    // $5 and $40, $1 and $12, $2 and $10 per million tokens; a character $15 per million.
    mapping('painter', ['images/generations', 'images/edits'], {
      input: 5_000_000,
      imageInput: 5_000_000,
      imageOutput: 40_000_000,
      output: 40_000_000,
    }),
    mapping('voice', ['audio/speech'], { input: 1_000_000, audioOutput: 12_000_000 }),
    mapping('reader', ['audio/speech'], { character: 15_000_000 }),
    mapping('ear', ['audio/transcriptions'], { input: 2_000_000, audioInput: 2_000_000, output: 10_000_000 }),
  ],
  providers: [openai],
  routers: [],
});

interface Row {
  name: string;
  path: SurfaceId;
  body: () => BodyInit;
  /** What shows itself before the end. */
  before: Record<string, unknown>[];
  end: Record<string, unknown>;
  /** USD, by hand. */
  cost: string;
  /** The same where it breaks off: as estimated, or of what is never counted (characters) as asked. */
  broken: string;
}

function form(fields: Record<string, string | Blob>): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) data.append(field, value);
  return data;
}

const painted = { input_tokens: 50, output_tokens: 1_000, input_tokens_details: { text_tokens: 10, image_tokens: 40 } };

const ROWS: Row[] = [
  {
    name: 'images',
    path: 'images/generations',
    body: () => JSON.stringify({ model: 'painter', prompt: 'a harbour', stream: true, partial_images: 1 }),
    before: [{ type: 'image_generation.partial_image', b64_json: 'cGFydA==', partial_image_index: 0 }],
    end: { type: 'image_generation.completed', b64_json: 'd2hvbGU=', usage: painted },
    // 50 x $5 and 1,000 x $40.
    cost: '0.04025',
    broken: '0.33169',
  },
  {
    name: 'images that are edited, asked for by a form',
    path: 'images/edits',
    body: () => form({ model: 'painter', prompt: 'bluer', stream: 'true', image: new File(['png'], 'a.png') }),
    before: [{ type: 'image_edit.partial_image', b64_json: 'cGFydA==', partial_image_index: 0 }],
    end: { type: 'image_edit.completed', b64_json: 'd2hvbGU=', usage: painted },
    cost: '0.04025',
    broken: '0.332685',
  },
  {
    name: 'sound by the token',
    path: 'audio/speech',
    body: () => JSON.stringify({ model: 'voice', input: 'one two', voice: 'alloy', stream_format: 'sse' }),
    before: [
      { type: 'speech.audio.delta', audio: 'b25l' },
      { type: 'speech.audio.delta', audio: 'dHdv' },
    ],
    end: { type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 30, total_tokens: 33 } },
    // 3 x $1 and 30 x $12.
    cost: '0.000363',
    broken: '0.000674',
  },
  {
    name: 'sound by the character',
    path: 'audio/speech',
    body: () => JSON.stringify({ model: 'reader', input: 'one two', voice: 'alloy', stream_format: 'sse' }),
    before: [{ type: 'speech.audio.delta', audio: 'b25l' }],
    end: { type: 'speech.audio.done', usage: { input_tokens: 3, output_tokens: 30, total_tokens: 33 } },
    // Seven characters.
    cost: '0.000105',
    broken: '0.000105',
  },
  {
    name: 'a transcription',
    path: 'audio/transcriptions',
    body: () => form({ model: 'ear', stream: 'true', file: new File([new Uint8Array(2_500)], 'a.mp3') }),
    before: [{ type: 'transcript.text.delta', delta: 'one two' }],
    end: {
      type: 'transcript.text.done',
      text: 'one two',
      usage: {
        type: 'tokens',
        input_tokens: 14,
        input_token_details: { audio_tokens: 14, text_tokens: 0 },
        output_tokens: 2,
      },
    },
    // 14 x $2 and 2 x $10.
    cost: '0.000048',
    broken: '0.0006',
  },
];

const eventOf = (json: object) => `event: ${(json as { type: string }).type}\ndata: ${JSON.stringify(json)}\n\n`;

const dataOf = (text: string) => eventsIn(text.replaceAll(/^event: .*\n/gm, ''));

/** Asks for it, of an upstream that sends these parts; each part after the first waits until it is let go. */
async function asked({ path, body }: Row, answer: () => Response) {
  const seeded = await seedOrganization({ budget: { usageLimit: '10' } });
  const ctx = createExecutionContext();
  const request = new Request(`${ORIGIN}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${seeded.apiKey}`, 'x-no-fallback': '1' },
    body: body(),
  });
  const bindings = { ...env, OPENAI_API_KEY: 'sk-test', EGRESS: { fetch: async () => answer() } };
  const response = await app.fetch(request, bindings as unknown as Env, ctx);
  const spent = async () => {
    await waitOnExecutionContext(ctx);
    const { usage, member } = await keyOf(seeded.apiKey);
    return [usage, member.status.held];
  };
  return { ...seeded, response, spent };
}

/** A stream that goes on with its last part when it is told to, or breaks there. */
function streamed(parts: string[], last: Promise<string | null>): Response {
  const left = [...parts];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = left.shift() ?? (await last);
      if (next === null) return controller.error(new Error('connection reset'));
      controller.enqueue(new TextEncoder().encode(next));
      if (left.length === 0 && next === (await last)) controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

describe.each(ROWS)('$name', (row) => {
  const { before, end, cost } = row;

  it('comes event by event, before it is done, and its last tells what it cost', async () => {
    const { promise: last, resolve: finish } = Promise.withResolvers<string>();
    const { response, spent } = await asked(row, () => streamed(before.map(eventOf), last));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader?.read();
    // The upstream has not ended yet.
    expect(first?.value).toBe(eventOf(before[0] as object));
    finish(eventOf(end));
    let rest = '';
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) rest += part.value;
    expect(dataOf(first?.value + rest)).toEqual([...before, { ...end, usage: { ...(end.usage as object), cost } }]);
    expect(await spent()).toEqual([cost, '0']);
  });

  it('is free where nothing came before it failed, and told as that', async () => {
    const failed = eventOf({ type: 'error', error: { message: 'overloaded' } });
    const { response, spent } = await asked(row, () => streamed([], Promise.resolve(failed)));
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ error: { code: 'upstream_error', message: 'overloaded' } });
    expect(await spent()).toEqual(['0', '0']);
  });

  it.each<[string, string | null]>([
    ['breaks off', null],
    ['says that it failed', eventOf({ type: 'error', error: { message: 'overloaded' } })],
    ['ends without its end', ': nothing\n\n'],
  ])('that %s after something came is told in the stream, and charged', async (_, last) => {
    const { response, spent } = await asked(row, () => streamed(before.map(eventOf), Promise.resolve(last)));
    expect(response.status).toBe(200);
    expect(dataOf(await response.text()).slice(-2)).toMatchObject([{ error: { code: 'upstream_error' } }, '[DONE]']);
    const [usage, held] = await spent();
    expect([usage, held]).toEqual([row.broken, '0']);
  });
});

it('of a model that does not stream comes as one event, and costs what it says', async () => {
  const row = ROWS.find(({ path }) => path === 'audio/transcriptions') as Row;
  const usage = { type: 'tokens', input_tokens: 14, input_token_details: { audio_tokens: 14 }, output_tokens: 2 };
  const { response, spent } = await asked(row, () => Response.json({ text: 'one two', usage }));
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(dataOf(await response.text())).toEqual([{ text: 'one two', usage }]);
  expect(await spent()).toEqual(['0.000048', '0']);
  const text = await asked(
    row,
    () => new Response('1\n00:00\none two\n', { headers: { 'content-type': 'text/plain' } }),
  );
  expect(await text.response.text()).toBe('data: 1\ndata: 00:00\ndata: one two\n\n');
});

it("is refused in the provider's own status before anything came", async () => {
  const limited = () => Response.json({ error: { message: 'slow' } }, { status: 429, headers: { 'retry-after': '7' } });
  const { response, spent } = await asked(ROWS[0] as Row, limited);
  expect([response.status, response.headers.get('retry-after'), await spent()]).toEqual([429, '7', ['0', '0']]);
  await response.text();
});
