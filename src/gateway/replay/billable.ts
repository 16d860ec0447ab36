/**
 * Idempotency-Key: the one way through which every route that costs something goes. Without the header it adds nothing.
 *
 * With it: the key must still be active (no replay to a revoked key), then the object of this (API key, Idempotency-Key)
 * says whether this request is the first. The first runs, and its answer is recorded; a repeat gets that answer or a
 * refusal, and nothing is sent or charged for it.
 */
import { newRequestId } from '../../ids.ts';
import { LIMITS } from '../../limits.ts';
import { keyStanding } from '../admission.ts';
import { authenticate } from '../credentials.ts';
import { IDEMPOTENCY_KEY, type Refusal } from '../refusals.ts';
import { bodyBytesMaxOf, readRequestBody } from '../request-body.ts';
import type { GatewayContext, Handler } from '../router.ts';
import { beginRecording, type Recording } from './recording.ts';
import { Seal } from './seal.ts';

const PRINTABLE = /^[\x20-\x7e]+$/;

export function billable(handle: Handler): Handler {
  return (context, parameter) => {
    const idempotencyKey = context.request.headers.get(IDEMPOTENCY_KEY);
    if (idempotencyKey === null) return handle(context, parameter);
    const answered = answerOnce(context, idempotencyKey, (once) => handle(once, parameter));
    // Whoever hung up may come back for the answer: it is recorded all the same.
    context.ctx.waitUntil(answered.catch(() => undefined));
    return answered;
  };
}

async function answerOnce(
  context: GatewayContext,
  idempotencyKey: string,
  handle: (context: GatewayContext) => Promise<Response | Refusal>,
): Promise<Response | Refusal> {
  const { env, ctx, request, requestId } = context;
  const authenticated = await authenticate(request, env);
  if ('refusal' in authenticated) return authenticated.refusal;
  const { refusal, replay } = await keyStanding(context, authenticated.caller);
  if (refusal) return refusal;
  if (!PRINTABLE.test(idempotencyKey) || idempotencyKey.length > LIMITS.idempotencyKeyLengthMax) {
    const message = `${IDEMPOTENCY_KEY} takes 1 to ${LIMITS.idempotencyKeyLengthMax} printable ASCII characters.`;
    return { kind: 'bad_request', field: IDEMPOTENCY_KEY, message };
  }
  if (!replay) return handle(context);

  const read = await readRequestBody(request, bodyBytesMaxOf(request));
  if ('refusal' in read) return read.refusal;
  const body = read.bytes;
  const seal = await Seal.of(authenticated.apiKey);
  const name = await seal.nameOf(idempotencyKey);
  const parts = { env, ctx, seal, name, claimId: newRequestId() };
  const begun = await beginRecording(parts, await seal.fingerprintOf(request, body));
  if ('refusal' in begun) return begun.refusal;
  if ('answer' in begun) {
    const { status, headers, body: recorded } = begun.answer;
    headers.set('x-request-id', requestId);
    headers.set('x-purser-replayed', 'true');
    return new Response(recorded, { status, headers });
  }
  // The body was read, so the handler gets a request of its own, which tells a hang-up as the first one does.
  const unread = new Request(request, { body });
  return run({ ...context, request: unread, recording: begun.recording }, begun.recording, handle);
}

/** Runs the request, and ends the recording where its answer does not go on behind its Response. */
async function run(
  context: GatewayContext,
  recording: Recording,
  handle: (context: GatewayContext) => Promise<Response | Refusal>,
): Promise<Response | Refusal> {
  let answered: Response | Refusal;
  try {
    answered = await handle(context);
  } catch (error) {
    recording.abandon();
    throw error;
  }
  if (!(answered instanceof Response && answered.ok)) {
    await recording.end();
    return answered;
  }
  if (recording.streams) return answered;
  const { status, headers } = answered;
  const body = new Uint8Array(await answered.arrayBuffer());
  await recording.whole({ status, headers, body });
  return new Response(body, { status, headers });
}
