/** A build whose one model is served by a provider that the test plays itself, in the protocols it is said to speak. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { createApp } from '../../../src/app.ts';
import type { Json, ProtocolId } from '../../../src/gateway/protocol.ts';
import type { Provider, ProviderCall } from '../../../src/gateway/providers/provider.ts';
import { DEMO_MAPPINGS, demoProvider } from '../../../src/local/demo-provider.ts';
import type { Mapping, ProviderId } from '../../../src/models/catalogue.ts';

const words = DEMO_MAPPINGS.find(({ id }) => id === 'demo/words') as Mapping;

let builds = 0;

export interface Build {
  /** The bodies that the provider was sent. */
  sent: Json[];
  /** Calls /v1/responses, or what is behind it, and reads the answer to its end. */
  call(method: string, path: string, apiKey: string, body?: Json, headers?: Record<string, string>): Promise<Answered>;
}

export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  json: Json;
}

export function build(
  send: (body: Json, call: ProviderCall) => Response | Promise<Response>,
  { speaks = ['responses'], reasons = false }: { speaks?: [ProtocolId, ...ProtocolId[]]; reasons?: boolean } = {},
): Build {
  // What is known of a provider's health outlives a test: each has a provider of its own.
  builds += 1;
  const id = `played-${builds}` as ProviderId;
  const abilities = { ...words.abilities, reasoning: reasons };
  const mapping: Mapping = { ...words, id: `${id}/twin`, provider: id, canonicalModel: 'twin', abilities };
  const sent: Json[] = [];
  // A word is a token, as the demo provider counts; how many come is for the test to say.
  const { outputTokensMax: _, ...counting } = demoProvider;
  const provider: Provider = {
    ...counting,
    id,
    speaks: () => speaks,
    async send(call) {
      const body = JSON.parse(String(call.body)) as Json;
      sent.push(body);
      return send(body, call);
    },
  };
  const app = createApp({ mappings: [mapping], providers: [provider], routers: [] });
  return {
    sent,
    async call(method, path, apiKey, body, headers = {}) {
      const ctx = createExecutionContext();
      const request = new Request(`http://purser.test/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${apiKey}`, ...headers },
        ...(body && { body: JSON.stringify({ model: 'twin', ...body }) }),
      });
      const response = await app.fetch(request, env, ctx);
      const text = await response.text();
      await waitOnExecutionContext(ctx);
      const isJson = response.headers.get('content-type')?.includes('json');
      return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
    },
  };
}

/** A message of these words, as a provider of Responses answers with it. */
export function answering(text: string, ...before: Json[]): Response {
  const content = [{ type: 'output_text', text, annotations: [] }];
  const message = { id: 'msg_up', type: 'message', role: 'assistant', status: 'completed', content };
  return Response.json({
    id: 'resp_up',
    object: 'response',
    model: 'twin-2026-01-01',
    status: 'completed',
    store: false,
    error: null,
    output: [...before, message],
    usage: { input_tokens: 4, output_tokens: text.split(' ').length, total_tokens: 9 },
  });
}

export function streaming(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
}
