/**
 * POST /v1/chat/completions, streaming and not. A whole answer whose worst case the budget does not cover is gathered from
 * a stream (relay-gathered.ts); where the output cannot be watched, the provider's own cap is lowered instead (cover.ts).
 */
import type { AttemptAbout } from '../../budgets/usage-event.ts';
import { LIMITS } from '../../limits.ts';
import type { Mapping } from '../../models/catalogue.ts';
import type { PresentedKey } from '../../teams/keys.ts';
import { admit, budgetHeaders, refuseKeyFirst } from '../admission.ts';
import { appName } from '../app-name.ts';
import { Attempt } from '../attempt.ts';
import { ask, coverOf } from '../cover.ts';
import { authenticate } from '../credentials.ts';
import { healthiestFirst } from '../provider-health.ts';
import type { Provider } from '../providers/provider.ts';
import { amountFor, type Quote, quote } from '../quote.ts';
import type { Refusal } from '../refusals.ts';
import { relayGathered } from '../relay-gathered.ts';
import { relayStream } from '../relay-stream.ts';
import { relayWhole } from '../relay-whole.ts';
import { type JsonBody, readJsonBody } from '../request-body.ts';
import type { AnswerHeaders, GatewayContext } from '../router.ts';
import { type ChatRequest, parseChatRequest, refuse } from './request.ts';
import { chatWire } from './wire.ts';

const ENDPOINT = 'chat/completions';

const encoder = new TextEncoder();

interface Asked {
  body: JsonBody;
  request: ChatRequest;
  mapping: Mapping;
  provider: Provider;
}

export async function completeChat(context: GatewayContext): Promise<Response | Refusal> {
  const { env, ctx, requestId, deadlines } = context;
  const authenticated = await authenticate(context.request, env);
  if ('refusal' in authenticated) return authenticated.refusal;
  const { caller } = authenticated;

  const understood = await understand(context);
  if ('refusal' in understood) return (await refuseKeyFirst(context, caller, ENDPOINT)) ?? understood.refusal;
  const { asked } = understood;
  const { body, request, mapping, provider } = asked;

  const startedAtMs = Date.now();
  const streamed = request.stream === true;
  // Written again, a body may grow (1e20 has 21 digits): the larger of both is the bound.
  const unchanged = JSON.stringify(upstreamBody(asked, streamed, null));
  const bytesMax = Math.max(body.bytes, encoder.encode(unchanged).byteLength);
  const quoted = quote(request, bytesMax, mapping, provider, startedAtMs);
  const about: AttemptAbout = {
    requestId,
    endpoint: ENDPOINT,
    mapping: mapping.id,
    canonicalModel: mapping.canonicalModel,
    provider: mapping.provider,
    app: appName(context.request.headers),
    streamed,
    priceVersion: quoted?.price.version ?? 'unknown',
  };
  const headers: AnswerHeaders = {
    'x-request-id': requestId,
    'x-purser-model': mapping.canonicalModel,
    'x-purser-provider': mapping.provider,
  };

  const admission = await admitQuoted(context, caller, about, quoted);
  if ('refusal' in admission) {
    budgetHeaders(headers, admission.tightest);
    return chatWire.refusal(admission.refusal, requestId, headers);
  }
  const { hold, tightest } = admission.admitted;
  budgetHeaders(headers, tightest);

  const cover = coverOf(quoted, streamed, hold.amount);
  const gathered = cover.watched && !streamed;
  if (cover.cap !== null) headers['x-purser-max-output'] = String(cover.cap);
  const { recording } = context;
  const attempt = new Attempt({ request, mapping, provider, quoted, cover, hold, startedAtMs, recording });
  const clientGone = context.request.signal;
  if (clientGone.aborted) {
    // Nothing was sent yet, so nothing is owed.
    ctx.waitUntil(attempt.release());
    return { kind: 'upstream_error', message: 'The client hung up.' };
  }
  const streams = streamed || gathered;
  const stands = !gathered && cover.cap === null;
  const send = (signal: AbortSignal) =>
    provider.chat({
      env,
      mapping,
      body: stands ? unchanged : JSON.stringify(upstreamBody(asked, streams, cover.cap)),
      streamed: streams,
      clientHeaders: context.request.headers,
      signal,
    });
  const wantsUsage = request.stream_options?.include_usage === true;
  const relay = streamed ? relayStream : gathered ? relayGathered : relayWhole;
  const answered = await relay({
    env,
    ctx,
    attempt,
    requestId,
    deadlines,
    clientGone,
    send,
    wantsUsage,
    headers,
    times: LIMITS,
  });
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

/** Admission, whose refusal tells the most that the request may cost. */
async function admitQuoted(
  context: GatewayContext,
  caller: PresentedKey,
  about: AttemptAbout,
  quoted: Quote | null,
): ReturnType<typeof admit> {
  const admission = await admit(context, caller, about, ask(quoted, about.streamed), quoted?.rulePrices);
  if (!quoted || !('refusal' in admission) || admission.refusal.kind !== 'request_exceeds_budget') return admission;
  return { ...admission, refusal: { ...admission.refusal, needed: amountFor(quoted, quoted.outputTokensMax) } };
}

/**
 * The body as the provider gets it: its own name of the model, a stream that ends with its usage, and where `cap` is given
 * that many tokens for each choice at most.
 */
function upstreamBody({ body, request, mapping, provider }: Asked, streams: boolean, cap: number | null): object {
  const { json } = body;
  const sent: Record<string, unknown> = { ...json, model: mapping.upstreamModel };
  if (streams) {
    sent.stream = true;
    sent.stream_options = { ...(json.stream_options as object | undefined), include_usage: true };
  }
  if (cap !== null) {
    delete sent.max_tokens;
    delete sent.max_completion_tokens;
    sent[provider.capField(request, mapping)] = cap;
  }
  return sent;
}
