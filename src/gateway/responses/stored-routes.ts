/**
 * Stored responses, for the API key that asked for them: GET and DELETE /v1/responses/{id}, and its input items. They cost
 * nothing, so they can be read when the budget is spent; a key that is not active reads none. Another key's id is a 404.
 */
import { keyStanding } from '../admission.ts';
import { authenticate } from '../credentials.ts';
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { refuseField } from '../request-body.ts';
import type { GatewayContext } from '../router.ts';
import { itemsOf } from './items.ts';
import { ENDPOINT } from './route.ts';
import { ResponseStore } from './store.ts';
import { SEALED_REASONING, withoutSeal } from './turn.ts';

/** As OpenAI's protocol has them. */
const ITEMS_MAX = 100;
const ITEMS_DEFAULT = 20;

export async function showResponse(context: GatewayContext, id: string): Promise<Response | Refusal> {
  const { searchParams } = new URL(context.request.url);
  const opened = await openStore(context);
  if ('refusal' in opened) return opened.refusal;
  if (searchParams.get('stream') === 'true') {
    return refuseField('stream', 'A stored response is given whole: leave stream out.').refusal;
  }
  const found = await opened.store.read(id);
  if ('refusal' in found) return found.refusal;
  const { response } = found.conversation;
  const asked = [...searchParams.getAll('include'), ...searchParams.getAll('include[]')];
  const items = itemsOf(response.output);
  const output = asked.includes(SEALED_REASONING) ? items : items.map(withoutSeal);
  return answerOf(context, { ...response, output });
}

export async function deleteResponse(context: GatewayContext, id: string): Promise<Response | Refusal> {
  const opened = await openStore(context);
  if ('refusal' in opened) return opened.refusal;
  const erased = await opened.store.erase(id);
  return erased ? erased.refusal : answerOf(context, { id, object: 'response', deleted: true });
}

/** What the model was told before it answered, earlier turns included: the newest first, unless asked otherwise. */
export async function listInputItems(context: GatewayContext, id: string): Promise<Response | Refusal> {
  const { searchParams } = new URL(context.request.url);
  const opened = await openStore(context);
  if ('refusal' in opened) return opened.refusal;
  const limit = Number(searchParams.get('limit') ?? ITEMS_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > ITEMS_MAX) {
    return refuseField('limit', `limit is a whole number from 1 to ${ITEMS_MAX}.`).refusal;
  }
  const found = await opened.store.read(id);
  if ('refusal' in found) return found.refusal;
  const items = found.conversation.input.map((item, position) => listed(item, id, position));
  if (searchParams.get('order') !== 'asc') items.reverse();
  const after = searchParams.get('after');
  const from = after === null ? 0 : items.findIndex((item) => item.id === after) + 1;
  const data = items.slice(from, from + limit);
  const [first] = data;
  const ends = { first_id: first?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return answerOf(context, { object: 'list', data, ...ends, has_more: from + limit < items.length });
}

/** An item as lists have it: with an id, the same each time, and its content in parts. */
function listed(item: Json, responseId: string, position: number): Json {
  const { type = 'message', content, role } = item;
  const said = { type: role === 'assistant' ? 'output_text' : 'input_text', text: content };
  const id = item.id ?? `${type === 'message' ? 'msg' : 'item'}_${responseId.slice('resp_'.length)}${position}`;
  return withoutSeal({ ...item, type, id, ...(typeof content === 'string' && { content: [said] }) }) as Json;
}

async function openStore(context: GatewayContext): Promise<{ store: ResponseStore } | { refusal: Refusal }> {
  const authenticated = await authenticate(context.request, context.env);
  if ('refusal' in authenticated) return authenticated;
  const { refusal } = await keyStanding(context, authenticated.caller, { endpoint: ENDPOINT });
  return refusal ? { refusal } : { store: new ResponseStore(context.env, authenticated.apiKey) };
}

function answerOf({ requestId }: GatewayContext, body: Json): Response {
  return Response.json(body, { headers: { 'x-request-id': requestId } });
}
