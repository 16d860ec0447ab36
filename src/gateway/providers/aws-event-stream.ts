/**
 * AWS's event stream (application/vnd.amazon.eventstream) taken apart into messages.
 *
 * A message is: its whole length and that of its headers (4 bytes each, big-endian), a CRC-32 of these, the headers, the
 * payload, and a CRC-32 of all before it (https://smithy.io/2.0/aws/amazon-eventstream.html). Both sums are checked. Whatever
 * is wrong throws: nothing after it could be trusted to begin where it seems to.
 */
import { LIMITS } from '../../limits.ts';

export interface AwsMessage {
  /** Those whose value is a text; no other is of use here. */
  headers: ReadonlyMap<string, string>;
  payload: Uint8Array;
}

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;

/** The value of a header by its type: how many bytes it has, or that two bytes say so. */
const HEADER_VALUE_BYTES: readonly (number | 'told')[] = [0, 0, 1, 2, 4, 8, 'told', 'told', 8, 16];
const STRING_TYPE = 7;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class AwsEventStream {
  /** What has come and is of no whole message yet. Joined only once it is one: a large one comes in many pieces. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** How many bytes make it worth looking again: a prelude, then a message. */
  #needed = PRELUDE_BYTES;

  push(bytes: Uint8Array): AwsMessage[] {
    this.#pieces.push(bytes);
    this.#bytes += bytes.byteLength;
    const messages: AwsMessage[] = [];
    if (this.#bytes < this.#needed) return messages;
    let rest = joined(this.#pieces, this.#bytes);
    for (;;) {
      this.#needed = rest.byteLength < PRELUDE_BYTES ? PRELUDE_BYTES : lengthOf(rest);
      if (rest.byteLength < this.#needed) break;
      messages.push(readMessage(rest.subarray(0, this.#needed)));
      rest = rest.subarray(this.#needed);
    }
    this.#pieces = [rest];
    this.#bytes = rest.byteLength;
    return messages;
  }

  /** Throws where the stream ended within a message. */
  end(): void {
    if (this.#bytes > 0) throw new Error('the event stream was cut within a message');
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The length of the message that begins here, once its prelude is known to be right: a wrong one would be waited for. */
function lengthOf(bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const length = view.getUint32(0);
  const headersLength = view.getUint32(4);
  if (crc32(bytes.subarray(0, 8)) !== view.getUint32(8)) throw new Error('a message whose prelude is corrupt');
  if (length > LIMITS.awsMessageBytesMax) throw new Error('a message of the event stream is too large');
  if (headersLength > length - PRELUDE_BYTES - CRC_BYTES) throw new Error('a message shorter than its headers');
  return length;
}

function readMessage(bytes: Uint8Array): AwsMessage {
  const view = viewOf(bytes);
  const end = bytes.byteLength - CRC_BYTES;
  if (crc32(bytes.subarray(0, end)) !== view.getUint32(end)) throw new Error('a message that is corrupt');
  const headersEnd = PRELUDE_BYTES + view.getUint32(4);
  return {
    headers: readHeaders(bytes.subarray(PRELUDE_BYTES, headersEnd)),
    payload: bytes.subarray(headersEnd, end),
  };
}

/** Reading past the end throws: a DataView's own RangeError. */
function readHeaders(bytes: Uint8Array): Map<string, string> {
  const view = viewOf(bytes);
  const headers = new Map<string, string>();
  for (let at = 0; at < bytes.byteLength; ) {
    const nameEnd = at + 1 + view.getUint8(at);
    const name = decoder.decode(bytes.subarray(at + 1, nameEnd));
    const type = view.getUint8(nameEnd);
    const size = HEADER_VALUE_BYTES[type];
    if (size === undefined) throw new Error(`a header of a type that is unknown: ${type}`);
    const start = nameEnd + (size === 'told' ? 3 : 1);
    const valueEnd = start + (size === 'told' ? view.getUint16(nameEnd + 1) : size);
    if (valueEnd > bytes.byteLength) throw new Error('a header longer than all headers');
    if (type === STRING_TYPE) headers.set(name, decoder.decode(bytes.subarray(start, valueEnd)));
    at = valueEnd;
  }
  return headers;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The CRC-32 of ISO 3309, as zip and PNG have it. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
