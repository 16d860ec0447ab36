/**
 * A conversation with a model, in any protocol, streaming or not. A whole answer whose worst case the budget does not cover is
 * gathered from a stream (relay-gathered.ts); where the output cannot be watched, the provider's own cap is lowered instead
 * (cover.ts).
 */
import { serves } from '../models/catalogue.ts';
import { NO_USAGE } from '../money/cost.ts';
import { priceAt } from '../money/price.ts';
import type { PresentedKey } from '../teams/keys.ts';
import { admitQuoted, budgetHeaders, refuseKeyFirst } from './admission.ts';
import { Attempt } from './attempt.ts';
import { type AttemptAt, aboutOf, answerByFirst, type Candidate, candidatesFor, unfitAt } from './candidates.ts';
import { coverOf } from './cover.ts';
import { authenticate } from './credentials.ts';
import { type Exchange, exchange } from './exchange.ts';
import { sharedAccount } from './kept-at-provider.ts';
import { CONVERSATION } from './other-protocol.ts';
import type { Asked, Names, Protocol, ProtocolId, Sent } from './protocol.ts';
import { PROTOCOLS } from './protocols.ts';
import { runsTools } from './provider-tools.ts';
import { quote, withUsesWithin } from './quote.ts';
import type { Refusal } from './refusals.ts';
import { GONE } from './relay.ts';
import { relayGathered } from './relay-gathered.ts';
import { relayStream } from './relay-stream.ts';
import { relayTimes } from './relay-times.ts';
import { relayWhole } from './relay-whole.ts';
import { type JsonBody, readJsonBody, refuseField } from './request-body.ts';
import type { GatewayContext, Handler } from './router.ts';
import { type Candidates, healthName } from './routing/choose.ts';
import { withTier } from './service-tier.ts';

const encoder = new TextEncoder();

interface Conversation {
  client: Protocol;
  caller: PresentedKey;
  body: JsonBody;
  asked: Asked;
}

/** What the URL says of a request, in protocols whose URL says it; null where it says nothing that is understood. */
export type ReadPath = (parameter: string) => { model: string; streamed: boolean } | null;

export function converse(client: Protocol, readPath: ReadPath = () => null): Handler {
  return async (context, parameter) => {
    const authenticated = await authenticate(context.request, context.env);
    if ('refusal' in authenticated) return authenticated.refusal;
    const { caller } = authenticated;
    const { endpoint } = client;
    const understood = await understand(context, client, readPath(parameter));
    if ('refusal' in understood) return (await refuseKeyFirst(context, caller, endpoint)) ?? understood.refusal;
    const { asked } = understood;
    const found = await candidatesFor(context, caller, { model: asked.model, service: 'conversation', endpoint });
    if ('refusal' in found) return found.refusal;
    const choice = asked.providerTools ? { ...found, candidates: ableOf(found.candidates, client, asked) } : found;
    const conversation = { client, caller, ...understood };
    return answerByFirst(context, client, choice, (...at) => attemptAt(conversation, ...at));
  };
}

/** One attempt at one provider, under one hold. `headers` is told what there is to tell. */
async function attemptAt(
  conversation: Conversation,
  ...[context, candidate, headers]: Parameters<AttemptAt>
): ReturnType<AttemptAt> {
  const { env, ctx, request, requestId, deadlines, recording } = context;
  const { client, caller, body, asked } = conversation;
  const { mapping, provider, credential } = candidate;
  const { streamed } = asked;
  const unfit =
    unfitFor(asked, candidate) ??
    notCarried(client, candidate) ??
    objectionTo(client, asked, candidate, request.headers) ??
    tooLong(client, { body, asked }, candidate);
  if (unfit) return unfitAt(context, caller, client.endpoint, candidate, unfit);

  const spoken = talkWith(candidate, client, asked);
  if ('refusal' in spoken) return unfitAt(context, caller, client.endpoint, candidate, spoken.refusal);
  const { served, talk, unchanged } = spoken;
  const startedAtMs = Date.now();
  // Written again, a body may grow (1e20 has 21 digits): the larger of both is the bound.
  const bytesMax = Math.max(body.bytes, encoder.encode(unchanged.text).byteLength);
  const most = quote(asked, bytesMax, mapping, provider, startedAtMs);
  const about = aboutOf(context, candidate, client.endpoint, streamed, most);
  const admission = await admitQuoted(context, caller, candidate, about, most);
  budgetHeaders(headers, 'refusal' in admission ? admission.tightest : admission.admitted.tightest);
  if ('refusal' in admission) return admission.refusal;
  const { hold } = admission.admitted;

  const quoted = most && withUsesWithin(most, hold.amount);
  const cover = coverOf(quoted, streamed, hold.amount);
  const gathered = cover.watched && !streamed;
  const streams = streamed || gathered;
  const toolUses = usesToSet(asked, quoted?.tools?.uses);
  const stands = !gathered && cover.cap === null && toolUses === null;
  const sent = stands
    ? unchanged
    : bodyText(talk, { mapping, streams, cap: cover.cap, ...(toolUses !== null && { toolUses }) });
  const attempt = new Attempt({
    mapping,
    choices: asked.choices,
    output: provider.countOutput(),
    estimate: () => ({ ...NO_USAGE, input: provider.inputTokensEstimate(asked) }),
    quoted,
    cover,
    hold,
    startedAtMs,
    recording,
  });
  if ('refusal' in sent || request.signal.aborted) {
    // Nothing was sent yet, so nothing is owed.
    ctx.waitUntil(attempt.release());
    return 'refusal' in sent ? sent.refusal : GONE;
  }
  if (cover.cap !== null) headers['x-purser-max-output'] = String(cover.cap);
  if (toolUses !== null) headers['x-purser-max-tool-uses'] = String(toolUses);
  const names: Names = { requestId, model: mapping.canonicalModel };
  const parts = {
    env,
    ctx,
    attempt,
    requestId,
    deadlines,
    clientGone: request.signal,
    health: healthName(candidate),
    credential,
    send: (signal: AbortSignal) =>
      provider.send({
        env,
        credential,
        mapping,
        operation: served.id,
        body: sent.text,
        contentType: 'application/json',
        streamed: streams,
        clientHeaders: request.headers,
        signal,
      }),
    headers,
    times: relayTimes(env),
    exchange: talk,
    names,
  };
  if (streamed) return relayStream(parts);
  return gathered ? relayGathered(parts) : relayWhole(parts, (bytes) => talk.whole(bytes, names));
}

/** Reads the request as far as its cost depends on it. */
async function understand(
  context: GatewayContext,
  client: Protocol,
  path: ReturnType<ReadPath>,
): Promise<{ body: JsonBody; asked: Asked } | { refusal: Refusal }> {
  const read = context.body ? { body: context.body } : await readJsonBody(context.request);
  if ('refusal' in read) return read;
  const understood = client.ask(read.body.json, path);
  if ('refusal' in understood) return understood;
  return { body: read.body, asked: understood.understood };
}

/** What only the model's row, or whose account it is served from, can tell to be wrong with a request. */
function unfitFor(asked: Asked, { mapping, credential }: Candidate): Refusal | null {
  const { cap, demo, unpriced, unpricedBecause, providerTools } = asked;
  if (cap && cap.tokens > mapping.maxOutputTokens) {
    return refuseField(cap.field, `${cap.field} is at most ${mapping.maxOutputTokens} for ${mapping.id}.`).refusal;
  }
  if (demo && mapping.provider !== 'demo') return refuseField('demo', 'demo steers the demo provider only.').refusal;
  const shared = sharedAccount(asked, credential);
  if (shared) return shared;
  if (unpriced !== null) {
    const why = unpricedBecause ?? 'is billed apart by the provider, and no price or no bound of it is known here.';
    return refuseField(unpriced, `${unpriced} ${why}`).refusal;
  }
  if (!providerTools || runsTools(priceAt(mapping.prices, Date.now()))) return null;
  const { field } = providerTools;
  const message = `${field} is billed apart by the provider, and for ${mapping.id} no price or no bound of it is known here.`;
  return refuseField(field, message).refusal;
}

/** Anthropic's Messages are the one protocol whose answers have no images: a model that draws would be paid for nothing. */
function notCarried(client: Protocol, { mapping, provider }: Candidate): Refusal | null {
  const isTranslated = client.id === 'messages' && !provider.speaks(mapping).includes(client.id);
  if (!isTranslated || !serves(mapping, 'images/generations')) return null;
  const message = `model: ${mapping.id} answers with images, which no answer of Messages can have. Ask it by POST /v1/chat/completions, /v1/responses, /v1/images/generations or /v1beta.`;
  return refuseField('model', message).refusal;
}

/** What its provider cannot be told. */
function objectionTo(client: Protocol, { json }: Asked, { mapping, provider }: Candidate, headers: Headers) {
  const objection = provider.objection?.({ operation: client.id, mapping, json, headers });
  return objection ? refuseField(objection.field, objection.message).refusal : null;
}

/** Of those who could serve a request, they who run the tools that it offers, for a fee that is known; where none does, all. */
function ableOf(candidates: Candidates, client: Protocol, { providerTools }: Asked): Candidates {
  const [first, ...others] = candidates.filter(
    ({ mapping, provider }) =>
      !providerTools ||
      (provider.speaks(mapping).includes(client.id) && runsTools(priceAt(mapping.prices, Date.now()))),
  );
  return first ? [first, ...others] : candidates;
}

/** What the provider is to be told of the uses of its tools; null where it was told so by the client. */
function usesToSet({ providerTools }: Asked, uses: number | undefined): number | null {
  return !providerTools || uses === undefined || uses === providerTools.usesMax ? null : uses;
}

/**
 * A conversation that cannot fit into the model's context, whatever its tokenizer. What may fit is the provider's to decide, which
 * counts exactly; and nobody counts what has too few bytes to be in doubt.
 */
function tooLong(
  { id }: Protocol,
  { body, asked }: Pick<Conversation, 'body' | 'asked'>,
  { mapping, provider }: Candidate,
): Refusal | null {
  const { contextTokens } = mapping;
  // A word and the space behind it are two bytes.
  if (body.bytes <= 2 * contextTokens || asked.mayShrink) return null;
  const tokens = provider.inputTokensMin(asked);
  if (tokens <= contextTokens) return null;
  const field = CONVERSATION[id];
  const message = `${field} is more than ${contextTokens} tokens long (at least ${tokens}), which is the whole context of ${mapping.id}.`;
  return refuseField(field, message).refusal;
}

interface Talk {
  /** The protocol in which the provider is spoken to. */
  served: Protocol;
  talk: Exchange;
  /** The request as it would be sent if nothing of it had to be lowered. */
  unchanged: { text: string };
}

/**
 * The client's protocol where the provider speaks it; else the first that can carry the request: of OpenAI's two chat comes
 * first, and Responses where chat has no place for something, as for a picture in a tool's result. The next one is tried only
 * where one refuses; where all do, the first says why.
 */
function talkWith({ mapping, provider }: Candidate, client: Protocol, asked: Asked): Talk | { refusal: Refusal } {
  const spoken = provider.speaks(mapping);
  const [first, ...others] = spoken.includes(client.id) ? ([client.id] as const) : spoken;
  const sent = { mapping, streams: asked.streamed, cap: null };
  const by = (id: ProtocolId): Talk | { refusal: Refusal } => {
    // The client's own may be one for this request alone, as Responses' is.
    const served = id === client.id ? client : PROTOCOLS.get(id);
    if (!served) throw new Error(`${provider.id} speaks ${id}, which this build does not`);
    const talk = exchange(client, served, asked);
    const unchanged = bodyText(talk, sent);
    return 'refusal' in unchanged ? unchanged : { served, talk, unchanged };
  };
  const talk = by(first);
  if (!('refusal' in talk)) return talk;
  for (const id of others) {
    const other = by(id);
    if (!('refusal' in other)) return other;
  }
  return talk;
}

function bodyText(talk: Exchange, sent: Sent): { text: string } | { refusal: Refusal } {
  const body = talk.body(sent);
  return 'refusal' in body ? body : { text: JSON.stringify(withTier(body.understood, sent.mapping.provider)) };
}
