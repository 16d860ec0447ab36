/**
 * What Google says of a call that it refuses, in the terms of HTTP, by which the gateway goes: it answers 400 to a key of the
 * deployment's that it does not know, and tells in the body how long to wait.
 */
import { fieldsOf } from '../reported.ts';

/** Reads the body of a refusal, which `withoutCredential` has bounded. Every other answer is as it was. */
export async function inHttpTerms(response: Response): Promise<Response> {
  const { status, headers } = response;
  if (status < 400) return response;
  const text = await response.text();
  const error = errorIn(text);
  const details = (Array.isArray(error.details) ? error.details : []).map(fieldsOf);
  const unknownKey = status === 400 && details.some(({ reason }) => reason === 'API_KEY_INVALID');
  const retryAfter = headers.get('retry-after') ?? secondsOf(details.find(hasDelay)?.retryDelay);
  const told = retryAfter === null ? {} : { 'retry-after': retryAfter };
  return new Response(JSON.stringify({ error }), { status: unknownKey ? 401 : status, headers: told });
}

function hasDelay({ retryDelay }: Record<string, unknown>): boolean {
  return typeof retryDelay === 'string';
}

/** Of a call that streams, Google tells the refusal as the one item of a list. */
function errorIn(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    return fieldsOf(fieldsOf(Array.isArray(json) ? json[0] : json).error);
  } catch {
    return {};
  }
}

/** A protobuf duration, as in `34.07s`, in whole seconds. */
function secondsOf(duration: unknown): string | null {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(String(duration)) ?? [];
  return seconds === undefined ? null : String(Math.ceil(Number(seconds)));
}
