/**
 * POST /v1/responses: a conversation like every other (converse.ts), within one that goes on. Before it the turns that
 * `previous_response_id` names, and the items that are named by their ids, are put into its input; after it what was said is stored,
 * unless `store` is false.
 */

import { LIMITS } from '../../limits.ts';
import type { Nanos } from '../../money/nanos.ts';
import type { PresentedKey } from '../../teams/keys.ts';
import { keyStanding, refuseKeyFirst } from '../admission.ts';
import { converse } from '../converse.ts';
import { authenticate } from '../credentials.ts';
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import type { AnswerRecord } from '../replay/recording.ts';
import { type JsonBody, readJsonBody, refuseField } from '../request-body.ts';
import type { GatewayContext } from '../router.ts';
import { itemsOf } from './items.ts';
import { responsesOf } from './protocol.ts';
import { referencedId, withReferencedItems } from './references.ts';
import { ResponseStore } from './store.ts';
import { finished, newTurn, ours } from './turn.ts';

export const ENDPOINT = 'responses';

export async function respond(context: GatewayContext, parameter: string): Promise<Response | Refusal> {
  const { ctx, env, request } = context;
  const authenticated = await authenticate(request, env);
  if ('refusal' in authenticated) return authenticated.refusal;
  const { apiKey, caller } = authenticated;
  const store = new ResponseStore(env, apiKey);
  const read = await readJsonBody(request);
  const body = 'refusal' in read ? read : await withStored(context, caller, store, read.body);
  if ('refusal' in body) return (await refuseKeyFirst(context, caller, ENDPOINT)) ?? body.refusal;

  const turn = newTurn(body.json, Date.now());
  const keep = async () => {
    if (turn.kept) await store.keep(ctx, turn.id, turn.kept);
  };
  const recording = new StoringRecord(context.recording, keep);
  const answered = await converse(responsesOf(turn))({ ...context, body, recording }, parameter);
  if (!(answered instanceof Response && answered.ok)) return answered;
  const { headers } = answered;
  if (!headers.get('content-type')?.includes('application/json')) return answered;
  const names = { requestId: context.requestId, model: headers.get('x-purser-model') ?? '' };
  const response = finished(turn, { ...((await answered.json()) as Json), ...ours(turn, names) });
  await keep();
  return Response.json(response, { headers });
}

/** The body with all that is stored of its input: the items that it names, and the conversation that it goes on from. */
async function withStored(
  context: GatewayContext,
  caller: PresentedKey,
  store: ResponseStore,
  body: JsonBody,
): Promise<JsonBody | { refusal: Refusal }> {
  const { input, previous_response_id: id } = body.json;
  // What is wrong with these is said where the rest is read.
  const goesOn = typeof id === 'string' && (typeof input === 'string' || Array.isArray(input));
  const names = Array.isArray(input) && input.some((item) => referencedId(item) !== null);
  if (!goesOn && !names) return body;
  // A key that is not active any more learns nothing of what there is.
  const { refusal } = await keyStanding(context, caller, { endpoint: ENDPOINT });
  if (refusal) return { refusal };
  const named = names
    ? await withReferencedItems(input, store, LIMITS.requestBytesMax - body.bytes)
    : { input, bytes: 0 };
  if ('refusal' in named) return named;
  const whole = { ...body, bytes: body.bytes + named.bytes, json: { ...body.json, input: named.input } };
  return goesOn ? withEarlierTurns(store, whole, id) : whole;
}

/** The body with the conversation so far in its input. */
async function withEarlierTurns(
  store: ResponseStore,
  body: JsonBody,
  id: string,
): Promise<JsonBody | { refusal: Refusal }> {
  const found = await store.read(id);
  if ('refusal' in found) {
    if (found.refusal.kind !== 'response_not_found') return found;
    return refuseField('previous_response_id', `There is no response "${found.refusal.id}" of this API key.`);
  }
  if (found.bytes + body.bytes > LIMITS.requestBytesMax) {
    const message = `With the turns before it the request is larger than ${LIMITS.requestBytesMax} bytes.`;
    return refuseField('previous_response_id', message);
  }
  const { conversation } = found;
  const earlier = [...conversation.input, ...itemsOf(conversation.response.output)];
  return { ...body, json: { ...body.json, input: [...earlier, ...itemsOf(body.json.input)] } };
}

/** Stores the answer of a stream before its last bytes go out, so that whoever has read its end can go on from it. */
class StoringRecord implements AnswerRecord {
  readonly #inner: AnswerRecord | null;
  readonly #store: () => Promise<void>;

  constructor(inner: AnswerRecord | null, store: () => Promise<void>) {
    this.#inner = inner;
    this.#store = store;
  }

  spent(cost: Nanos): void {
    this.#inner?.spent(cost);
  }

  add(text: string): void {
    this.#inner?.add(text);
  }

  async complete(last: string, headers: Headers): Promise<void> {
    await Promise.all([this.#inner?.complete(last, headers), this.#store()]);
  }

  async end(): Promise<void> {
    await this.#inner?.end();
  }
}
