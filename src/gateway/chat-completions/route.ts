/** POST /v1/chat/completions, streaming and not. */
import type { AttemptAbout } from '../../budgets/usage-event.ts';
import { LIMITS } from '../../limits.ts';
import type { Mapping } from '../../models/catalogue.ts';
import { admit, budgetHeaders, refuseKeyFirst } from '../admission.ts';
import { appName } from '../app-name.ts';
import { Attempt } from '../attempt.ts';
import { authenticate } from '../credentials.ts';
import { healthiestFirst } from '../provider-health.ts';
import type { Provider } from '../providers/provider.ts';
import { amountFor, quote } from '../quote.ts';
import type { Refusal } from '../refusals.ts';
import { relayStream } from '../relay-stream.ts';
import { relayWhole } from '../relay-whole.ts';
import { type JsonBody, readJsonBody } from '../request-body.ts';
import type { GatewayContext } from '../router.ts';
import { type ChatRequest, parseChatRequest, refuse } from './request.ts';
import { chatWire } from './wire.ts';

const encoder = new TextEncoder();

interface Asked {
  body: JsonBody;
  request: ChatRequest;
  mapping: Mapping;
  provider: Provider;
}

export async function completeChat(context: GatewayContext): Promise<Response | Refusal> {
  const { env, ctx, requestId } = context;
  const authenticated = await authenticate(context.request, env);
  if ('refusal' in authenticated) return authenticated.refusal;
  const { caller } = authenticated;

  const understood = await understand(context);
  if ('refusal' in understood) return (await refuseKeyFirst(env, caller)) ?? understood.refusal;
  const { body, request, mapping, provider } = understood.asked;

  const startedAtMs = Date.now();
  const streamed = request.stream === true;
  // Written again, a body may grow (1e20 has 21 digits): the larger of both is the bound.
  const sent = JSON.stringify(upstreamBody(body.json, mapping, streamed));
  const bytesMax = Math.max(body.bytes, encoder.encode(sent).byteLength);
  const quoted = quote(request, bytesMax, mapping, provider, startedAtMs);
  const about: AttemptAbout = {
    requestId,
    endpoint: 'chat/completions',
    mapping: mapping.id,
    canonicalModel: mapping.canonicalModel,
    provider: mapping.provider,
    app: appName(context.request.headers),
    streamed,
    priceVersion: quoted?.price.version ?? 'unknown',
  };
  const headers = new Headers({
    'x-request-id': requestId,
    'x-purser-model': mapping.canonicalModel,
    'x-purser-provider': mapping.provider,
  });

  const admission = await admit(env, ctx, caller, about, quoted && amountFor(quoted, quoted.firstTokens));
  if ('refusal' in admission) {
    if ('view' in admission.refusal) budgetHeaders(headers, admission.refusal.view);
    return chatWire.refusal(admission.refusal, requestId, headers);
  }
  const { hold, tightest } = admission.admitted;
  budgetHeaders(headers, tightest);

  const attempt = new Attempt({ request, mapping, provider, quoted, hold, startedAtMs, recording: context.recording });
  const clientGone = context.request.signal;
  if (clientGone.aborted) {
    // Nothing was sent yet, so nothing is owed.
    ctx.waitUntil(attempt.release());
    return { kind: 'upstream_error', message: 'The client hung up.' };
  }
  const send = (signal: AbortSignal) =>
    provider.chat({
      env,
      mapping,
      body: sent,
      streamed,
      clientHeaders: context.request.headers,
      signal,
    });
  const wantsUsage = request.stream_options?.include_usage === true;
  const relay = streamed ? relayStream : relayWhole;
  const answered = await relay({ env, ctx, attempt, requestId, clientGone, send, wantsUsage, headers, times: LIMITS });
  return answered instanceof Response ? answered : chatWire.refusal(answered, requestId, headers);
}

/** Reads the request as far as its cost depends on it: the body, the model, what only this model's row can tell. */
async function understand(context: GatewayContext): Promise<{ asked: Asked } | { refusal: Refusal }> {
  const read = await readJsonBody(context.request);
  if ('refusal' in read) return read;
  const parsed = parseChatRequest(read.body);
  if ('refusal' in parsed) return parsed;
  const { request } = parsed;

  const served = (context.catalogue.find(request.model)?.mappings ?? []).filter((mapping) =>
    context.providers.get(mapping.provider)?.isConfigured(context.env),
  );
  const [mapping] = healthiestFirst(context.env, context.ctx, served);
  const provider = mapping && context.providers.get(mapping.provider);
  if (!mapping || !provider) return { refusal: { kind: 'model_not_found', model: request.model } };

  for (const field of ['max_tokens', 'max_completion_tokens'] as const) {
    const asked = request[field];
    if (asked != null && asked > mapping.maxOutputTokens) {
      return refuse(field, `${field} is at most ${mapping.maxOutputTokens} for ${mapping.id}.`);
    }
  }
  if (request.demo !== undefined && mapping.provider !== 'demo') {
    return refuse('demo', 'demo steers the demo provider only.');
  }
  const unpriced = provider.unpricedField(request);
  if (unpriced !== null)
    return refuse(unpriced, `${unpriced} is billed apart by the provider, and its price is not known here.`);
  return { asked: { body: read.body, request, mapping, provider } };
}

/** The body as the provider gets it: its own name of the model, and a stream that ends with its usage. */
function upstreamBody(json: Record<string, unknown>, mapping: Mapping, streamed: boolean): Record<string, unknown> {
  const body: Record<string, unknown> = { ...json, model: mapping.upstreamModel };
  if (streamed) body.stream_options = { ...(json.stream_options as object | undefined), include_usage: true };
  return body;
}
