/**
 * What makes a recorded answer, or a stored conversation (responses/store.ts), unreadable to whoever reads the storage:
 * everything is derived from the API key, which is stored nowhere. An answer is encrypted; its object's name and the fingerprint
 * of its request are keyed hashes, because a plain hash of a body that can be guessed tells the body.
 *
 * HKDF-SHA-256 (RFC 5869) over the API key's text gives one key for HMAC-SHA-256 and one for AES-256-GCM. The API
 * key has 160 random bits, so no salt or slow derivation is called for.
 */
import { base32 } from '../../ids.ts';

/** The part of a response that is given again. */
export interface RecordableAnswer {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

const IV_BYTES = 12;
const HASH_BYTES = 30;
const NEWLINE = 0x0a;

/** What a replay does not take from the recording: it is about the request that was sent, or about what was left then. */
const NOT_RECORDED = /^(x-request-id|content-length|x-purser-budget-.*)$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Seal {
  readonly #hashing: CryptoKey;
  readonly #sealing: CryptoKey;

  private constructor(hashing: CryptoKey, sealing: CryptoKey) {
    this.#hashing = hashing;
    this.#sealing = sealing;
  }

  /** What is sealed for one use cannot be opened, or found, for another. */
  static async of(apiKey: string, use: 'replay' | 'responses' = 'replay'): Promise<Seal> {
    const secret = await crypto.subtle.importKey('raw', encoder.encode(apiKey), 'HKDF', false, ['deriveKey']);
    const derive = (purpose: string, algorithm: SubtleCryptoImportKeyAlgorithm, usages: string[]) => {
      const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode(purpose) };
      return crypto.subtle.deriveKey(hkdf, secret, algorithm, false, usages);
    };
    return new Seal(
      await derive(`purser ${use}: hashes`, { name: 'HMAC', hash: 'SHA-256', length: 256 }, ['sign']),
      await derive(`purser ${use}: answers`, { name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt']),
    );
  }

  /** The name of the object for an Idempotency-Key, or for the id of a response. */
  nameOf(known: string): Promise<string> {
    return this.#hash('name', known);
  }

  /** Equal for equal requests only: method, path with query, and every byte of the body, save what separates the parts of a form. */
  async fingerprintOf({ method, url, headers }: Request, body: Uint8Array): Promise<string> {
    const { pathname, search } = new URL(url);
    const content = withoutBoundary(headers.get('content-type') ?? '', body);
    return this.#hash('request', method, pathname + search, shown(await crypto.subtle.digest('SHA-256', content)));
  }

  async close({ status, headers, body }: RecordableAnswer): Promise<Uint8Array> {
    const recorded = [...headers].filter(([name]) => !NOT_RECORDED.test(name));
    // JSON has no raw line break within: the first one is where the body begins.
    const head = encoder.encode(`${JSON.stringify({ status, headers: recorded })}\n`);
    return this.closeBytes(joined(head, body));
  }

  async closeBytes(plain: Uint8Array): Promise<Uint8Array> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    return joined(iv, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, this.#sealing, plain)));
  }

  /** Throws where it was not sealed under this API key, or was changed since. */
  async openBytes(sealed: Uint8Array): Promise<Uint8Array> {
    const iv = sealed.subarray(0, IV_BYTES);
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, this.#sealing, sealed.subarray(IV_BYTES));
    return new Uint8Array(opened);
  }

  /** As openBytes. */
  async open(sealed: Uint8Array): Promise<RecordableAnswer> {
    const plain = await this.openBytes(sealed);
    const headEnd = plain.indexOf(NEWLINE);
    const head = JSON.parse(decoder.decode(plain.subarray(0, headEnd))) as {
      status: number;
      headers: [string, string][];
    };
    return { status: head.status, headers: new Headers(head.headers), body: plain.subarray(headEnd + 1) };
  }

  /** `purpose` keeps hashes of different things apart. */
  async #hash(purpose: string, ...parts: string[]): Promise<string> {
    const text = encoder.encode([purpose, ...parts].join('\n'));
    return shown(await crypto.subtle.sign('HMAC', this.#hashing, text));
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}

/** 240 bits of a hash as text. */
function shown(hash: ArrayBuffer): string {
  return base32(new Uint8Array(hash, 0, HASH_BYTES));
}

const BOUNDARY = /^multipart\/[^;]+;.*?boundary="?([^";]+)/is;

/** A client that asks again makes a boundary of its own each time. The text stands for the bytes: a character for each. */
function withoutBoundary(contentType: string, body: Uint8Array): Uint8Array {
  const boundary = BOUNDARY.exec(contentType)?.[1];
  if (boundary === undefined) return body;
  return encoder.encode(new TextDecoder('latin1').decode(body).replaceAll(boundary, ''));
}
