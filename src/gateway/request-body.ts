/**
 * Reading a request's JSON body: bounded before it is buffered, strict UTF-8, not too deep, an object; then by its schema, so
 * that a refusal names the field.
 */

import type { z } from '@hono/zod-openapi';
import { firstProblem } from '../first-problem.ts';
import { isTooDeep, TOO_DEEP } from '../json-depth.ts';
import { LIMITS } from '../limits.ts';
import { parseExactly } from './exact-json.ts';
import type { Json, Understood } from './protocol.ts';
import type { Refusal } from './refusals.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

export interface JsonBody {
  json: Json;
  /** The size of the body as sent: an upper bound for anything counted in it. */
  bytes: number;
}

export async function readJsonBody(
  request: Request,
  bytesMax: number = LIMITS.requestBytesMax,
): Promise<{ body: JsonBody } | { refusal: Refusal }> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    const message = `Send the body uncompressed: Content-Encoding ${encoding.slice(0, 40)} is not read.`;
    return refuseField('Content-Encoding', message);
  }
  const read = await readRequestBody(request, bytesMax);
  if ('refusal' in read) return read;
  const { bytes } = read;
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuseField(null, 'The body is not valid UTF-8.');
  }
  if (isTooDeep(text)) return refuseField(null, TOO_DEEP);
  let json: unknown;
  try {
    json = parseExactly(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'unreadable';
    return refuseField(null, `The body is not valid JSON: ${reason}.`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return refuseField(null, 'The body must be a JSON object.');
  return { body: { json: json as Json, bytes: bytes.byteLength } };
}

/** All bytes of a request. One that its client broke off is the client's affair, and no bug of ours. */
export async function readRequestBody(
  request: Request,
  bytesMax: number,
): Promise<{ bytes: Uint8Array } | { refusal: Refusal }> {
  try {
    const bytes = await readBody(request, bytesMax);
    return bytes ? { bytes } : { refusal: { kind: 'request_too_large', bytesMax } };
  } catch {
    return refuseField(null, 'The body broke off before its end.');
  }
}

/** A form carries files. */
export function bodyBytesMaxOf({ headers }: Request): number {
  return /^multipart\//i.test(headers.get('content-type') ?? '') ? LIMITS.formBytesMax : LIMITS.requestBytesMax;
}

/** All bytes of a message, or null once there are more than `bytesMax`. `onChunk` is told of each that comes by itself. */
export async function readBody(
  message: Request | Response,
  bytesMax: number,
  onChunk?: () => void,
): Promise<Uint8Array | null> {
  const { headers } = message;
  const declared = headers.get('content-length');
  // The runtime holds a body to its declared length; only one without, or compressed, must be read piece by piece.
  if (declared === null || headers.has('content-encoding')) return readAtMost(message.body, bytesMax, onChunk);
  if (Number(declared) > bytesMax) {
    await message.body?.cancel();
    return null;
  }
  return new Uint8Array(await message.arrayBuffer());
}

/** All bytes of a stream, or null once there are more than `bytesMax`; the rest is then cancelled, not read. */
async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  onChunk?: () => void,
): Promise<Uint8Array | null> {
  if (!stream) return new Uint8Array();
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    onChunk?.();
    size += value.byteLength;
    if (size > bytesMax) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  const [first] = chunks;
  if (chunks.length === 1 && first) return first;
  const all = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return all;
}

/** What of a body must be understood, or a refusal that names the first field that can't be. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, json: Json): Understood<z.infer<Schema>> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return { understood: parsed.data };
  const { issue, field } = firstProblem(parsed.error);
  return refuseField(field, `${field ?? 'The body'} is not valid: ${issue?.message ?? 'malformed'}.`);
}

/** A refusal that names a field of the request. */
export function refuseField(field: string | null, message: string): { refusal: Refusal } {
  return { refusal: { kind: 'bad_request', field, message } };
}
