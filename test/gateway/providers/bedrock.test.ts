import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { messages } from '../../../src/gateway/messages/protocol.ts';
import { bedrock } from '../../../src/gateway/providers/bedrock.ts';
import type { Operation } from '../../../src/gateway/providers/provider.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../../../src/models/catalogue.ts';
import { chunkMessage, exceptionMessage } from '../../support/aws-messages.ts';
import { STREAM } from '../messages/fixtures.ts';
import { framesOf } from '../translation/generate.ts';

const SECRET = 'secret/of+aws';
const CLAUDE = 'global.anthropic.claude-sonnet-5-v1:0';

function mappingOf(model: string): Mapping {
  const mapping = CATALOGUE_MAPPINGS.find(
    ({ provider, upstreamModel }) => provider === 'bedrock' && upstreamModel === model,
  );
  if (!mapping) throw new Error(`the catalogue lacks ${model}`);
  return mapping;
}

interface Sending {
  model?: string;
  operation?: Operation;
  body?: object;
  streamed?: boolean;
  clientHeaders?: Record<string, string>;
  answer?: () => Response;
  env?: Partial<Env>;
}

async function send({
  model = CLAUDE,
  operation = 'messages',
  body = {},
  streamed = false,
  clientHeaders = {},
  answer,
  env = {},
}: Sending) {
  const calls: { url: string; init: RequestInit }[] = [];
  const egress = {
    fetch: async (url: string, init: RequestInit) => {
      calls.push({ url, init });
      return answer?.() ?? Response.json({});
    },
  };
  const full = {
    EGRESS: egress,
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: 'eu-west-1',
    ...env,
  } as unknown as Env;
  const credential = bedrock.credentialOf(full);
  if (!credential) throw new Error('the test is set up wrong');
  const response = await bedrock.send({
    env: full,
    credential,
    mapping: mappingOf(model),
    operation,
    body: JSON.stringify(body),
    contentType: 'application/json',
    streamed,
    clientHeaders: new Headers(clientHeaders),
    signal: new AbortController().signal,
  });
  const [call] = calls;
  if (!call) throw new Error('nothing was sent');
  const headers = new Headers(call.init.headers);
  return { url: call.url, init: call.init, headers, sent: JSON.parse(String(call.init.body)), response };
}

describe('a call', () => {
  it('names the model in its path, and in its body the version alone', async () => {
    const body = {
      model: CLAUDE,
      stream: true,
      max_tokens: 5,
      messages: [],
      anthropic_beta: ['context-1m-2025-08-07'],
    };
    const { url, sent, init } = await send({ body });
    expect(url).toBe(
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/global.anthropic.claude-sonnet-5-v1%3A0/invoke',
    );
    expect(sent).toEqual({ max_tokens: 5, messages: [], anthropic_version: 'bedrock-2023-05-31' });
    expect(init.redirect).toBe('manual');
    expect((await send({ streamed: true })).url).toMatch(/\/invoke-with-response-stream$/);
  });

  it('has those of the betas in its body that Bedrock knows and that change neither bill nor reach', async () => {
    const betas = 'claude-code-20250219,interleaved-thinking-2025-05-14,context-1m-2025-08-07,effort-2025-11-24';
    const { sent, headers } = await send({ clientHeaders: { 'anthropic-beta': betas } });
    expect(sent.anthropic_beta).toEqual(['interleaved-thinking-2025-05-14', 'effort-2025-11-24']);
    expect(headers.get('anthropic-beta')).toBeNull();
  });

  it('is signed as AWS would sign it', async () => {
    const { url, headers, init } = await send({ env: { AWS_SESSION_TOKEN: 'of a session' } });
    const at = headers.get('x-amz-date') ?? '';
    const scope = `${at.slice(0, 8)}/eu-west-1/bedrock/aws4_request`;
    const authorization = headers.get('authorization') ?? '';
    const [, signed = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? [];
    expect(authorization).toContain(`Credential=AKIDEXAMPLE/${scope}`);
    expect(signed.split(';')).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']));

    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const { host, pathname } = new URL(url);
    const signedValue = (name: string) => (name === 'host' ? host : headers.get(name));
    const canonical = [
      'POST',
      // Each segment is encoded once more than in the URL.
      pathname.split('/').map(encodeURIComponent).join('/'),
      '',
      ...signed.split(';').map((name) => `${name}:${signedValue(name)}`),
      '',
      signed,
      sha256(String(init.body)),
    ].join('\n');
    const toSign = ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n');
    const parts = scope.split('/');
    const key = parts.reduce<string | Buffer>((of, part) => hmac(of, part), `AWS4${SECRET}`);
    expect(authorization).toContain(`Signature=${hmac(key, toSign).toString('hex')}`);
  });

  it('of a model of OpenAI goes to Bedrock by its own protocol', async () => {
    const model = 'openai.gpt-oss-120b-1:0';
    const body = { model, messages: [], stream: true };
    const { url, sent } = await send({ model, operation: 'chat', body, streamed: true });
    expect(url).toBe('https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1/chat/completions');
    expect(sent).toEqual(body);
    expect(bedrock.speaks(mappingOf(model))).toEqual(['chat']);
    expect(bedrock.speaks(mappingOf(CLAUDE))).toEqual(['messages']);
  });

  it('is never made to a host that a region names', async () => {
    await expect(send({ env: { AWS_REGION: 'evil.example/' } })).rejects.toThrow(/region/);
  });

  it('is not made where a part of the credential is missing', () => {
    const whole = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'us-east-1' };
    expect(bedrock.credentialOf(whole as Env)).not.toBeNull();
    for (const name of Object.keys(whole)) expect(bedrock.credentialOf({ ...whole, [name]: '' } as Env)).toBeNull();
  });
});

describe('a refusal', () => {
  it('is told in the words of Anthropic, without what was signed', async () => {
    const message = `The canonical string was AKIDEXAMPLE ${SECRET} of a session.`;
    const answer = () => Response.json({ message }, { status: 400, headers: { 'retry-after': '3' } });
    const { response } = await send({ answer, env: { AWS_SESSION_TOKEN: 'of a session' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'The canonical string was (hidden) (hidden) (hidden).' },
    });
  });

  it('that is a page of somebody else has no words', async () => {
    const { response } = await send({ answer: () => new Response('<html>', { status: 429 }) });
    expect([response.status, await response.json()]).toEqual([429, {}]);
  });
});

describe('a stream', () => {
  const eventStream =
    (...pieces: Uint8Array[]) =>
    () =>
      new Response(
        new ReadableStream({
          start(controller) {
            for (const piece of pieces) controller.enqueue(piece);
            controller.close();
          },
        }),
        { headers: { 'content-type': 'application/vnd.amazon.eventstream' } },
      );
  const events = STREAM.map((event) => (typeof event === 'string' ? JSON.parse(event) : event)) as { type: string }[];

  it('is that of Anthropic, event by event', async () => {
    const { response } = await send({ streamed: true, answer: eventStream(...events.map(chunkMessage)) });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const frames = framesOf(await response.text());
    expect(frames.map(({ data }) => JSON.parse(data ?? ''))).toEqual(events);
    expect(frames.map(({ raw }) => raw.split('\n')[0])).toEqual(events.map(({ type }) => `event: ${type}`));
    const reader = messages.reader();
    expect(frames.map((frame) => reader.read(frame)).at(-1)?.last).toBe(true);
  });

  it('that fails ends with the error of it', async () => {
    const [first] = events;
    const answer = eventStream(chunkMessage(first ?? {}), exceptionMessage('throttlingException', 'Slow\ndown.'));
    const frames = framesOf(await (await send({ streamed: true, answer })).response.text());
    const reader = messages.reader();
    const read = frames.map((frame) => reader.read(frame));
    expect(frames[1]?.raw).toMatch(/^event: error\n/);
    expect(read[1]?.error).toContain('Slow\ndown.');
    expect(JSON.parse(frames[1]?.data ?? '')).toMatchObject({ error: { type: 'rate_limit_error' } });
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['corrupt', (bytes) => bytes.map((byte, index) => (index === 60 ? byte ^ 1 : byte))],
    ['cut', (bytes) => bytes.slice(0, -1)],
  ])('that is %s breaks off', async (_, broken) => {
    const answer = eventStream(broken(chunkMessage({ type: 'ping' })));
    await expect((await send({ streamed: true, answer })).response.text()).rejects.toThrow();
  });

  it('whose client leaves is cancelled at AWS', async () => {
    let cancelled = false;
    const answer = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(chunkMessage({ type: 'ping' })),
          cancel: () => {
            cancelled = true;
          },
        }),
        { headers: { 'content-type': 'application/vnd.amazon.eventstream' } },
      );
    const reader = (await send({ streamed: true, answer })).response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(cancelled).toBe(true);
  });
});
