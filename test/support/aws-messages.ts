/** Messages of AWS's event stream as Bedrock writes them; its sums by Node's own CRC-32. */
import { crc32 } from 'node:zlib';

export function awsMessage(headers: Record<string, string>, payload: string | Uint8Array): Uint8Array {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => header(name, 7, sized(Buffer.from(value)))),
  );
  return framed(head, Buffer.from(payload));
}

/** A message around headers that are bytes already. */
export function framed(head: Buffer, payload: Buffer): Uint8Array {
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(16 + head.length + payload.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  const begun = Buffer.concat([prelude, sum(prelude), head, payload]);
  return Buffer.concat([begun, sum(begun)]);
}

export function header(name: string, type: number, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name), Buffer.from([type]), value]);
}

/** A value after its length. */
export function sized(value: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, value]);
}

function sum(bytes: Buffer): Buffer {
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  return crc;
}

/** An event of the model: its JSON in base64, and padding beside it. */
export function chunkMessage(event: object): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64');
  const headers = { ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' };
  return awsMessage(headers, JSON.stringify({ bytes, p: 'abcdefgh' }));
}

export function exceptionMessage(type: string, message: string): Uint8Array {
  const headers = { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' };
  return awsMessage(headers, JSON.stringify({ message }));
}
