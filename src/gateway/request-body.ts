/**
 * Reading a request's JSON body: bounded before it is buffered, strict UTF-8, an object.
 */
import { LIMITS } from '../limits.ts';
import type { Refusal } from './refusals.ts';

export interface JsonBody {
  json: Record<string, unknown>;
  /** The size of the body as sent: an upper bound for anything counted in it. */
  bytes: number;
}

function bad(message: string, field: string | null = null): { refusal: Refusal } {
  return { refusal: { kind: 'bad_request', field, message } };
}

export async function readJsonBody(
  request: Request,
  bytesMax: number = LIMITS.requestBytesMax,
): Promise<{ body: JsonBody } | { refusal: Refusal }> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    return bad(
      `Send the body uncompressed: Content-Encoding ${encoding.slice(0, 40)} is not read.`,
      'Content-Encoding',
    );
  }
  const tooLarge: { refusal: Refusal } = { refusal: { kind: 'request_too_large', bytesMax } };
  const bytes = await readBody(request, bytesMax);
  if (!bytes) return tooLarge;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return bad('The body is not valid UTF-8.');
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return bad(`The body is not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unreadable'}.`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return bad('The body must be a JSON object.');
  return { body: { json: json as Record<string, unknown>, bytes: bytes.byteLength } };
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
