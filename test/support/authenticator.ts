/** A passkey authenticator for tests: makes ES256 credentials without attestation and signs with them (WebAuthn level 2). */

const text = new TextEncoder();

interface Flags {
  /** Whether the person was verified (finger, PIN), not merely there. */
  verified?: boolean;
}

export class Authenticator {
  readonly #origin: string;
  readonly #id = crypto.getRandomValues(new Uint8Array(16));
  readonly #keys: Promise<CryptoKeyPair>;
  #counter = 0;

  constructor(origin: string) {
    this.#origin = origin;
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    this.#keys = crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
  }

  /** What `navigator.credentials.create(...).toJSON()` gives. */
  async create(options: { challenge: string; rp: { id: string } }) {
    const { publicKey } = await this.#keys;
    const { x = '', y = '' } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey;
    // COSE: an EC2 key (1: 2) for ES256 (3: -7) on P-256 (-1: 1), with x and y.
    const cose = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, ...bytes(fromBase64url(x)), 0x22, ...bytes(fromBase64url(y))];
    const credential = [...new Uint8Array(16), 0, this.#id.length, ...this.#id, ...cose];
    const authenticatorData = await this.#authenticatorData(options.rp.id, 0x40, {}, credential);
    const attestationObject = Uint8Array.from([
      0xa3,
      ...[...string('fmt'), ...string('none')],
      ...[...string('attStmt'), 0xa0],
      ...[...string('authData'), ...bytes(authenticatorData)],
    ]);
    return this.#credential({
      clientDataJSON: base64url(this.#clientData('webauthn.create', options.challenge)),
      attestationObject: base64url(attestationObject),
      transports: ['internal'],
    });
  }

  /** What `navigator.credentials.get(...).toJSON()` gives. */
  async get(options: { challenge: string; rpId: string }, flags: Flags = {}) {
    this.#counter += 1;
    const authenticatorData = await this.#authenticatorData(options.rpId, 0, flags, []);
    const clientData = this.#clientData('webauthn.get', options.challenge);
    const signed = Uint8Array.from([...authenticatorData, ...(await sha256(clientData))]);
    const { privateKey } = await this.#keys;
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, signed);
    return this.#credential({
      clientDataJSON: base64url(clientData),
      authenticatorData: base64url(authenticatorData),
      signature: base64url(asDer(new Uint8Array(signature))),
    });
  }

  #credential<T extends object>(response: T) {
    const id = base64url(this.#id);
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response };
  }

  #clientData(type: string, challenge: string): Uint8Array {
    return text.encode(JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false }));
  }

  async #authenticatorData(rpId: string, flags: number, { verified = true }: Flags, credential: number[]) {
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, this.#counter);
    return Uint8Array.from([
      ...(await sha256(text.encode(rpId))),
      flags | 0x01 | (verified ? 0x04 : 0),
      ...counter,
      ...credential,
    ]);
  }
}

async function sha256(data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>));
}

/** A byte string in CBOR. */
function bytes(data: Uint8Array): number[] {
  return [0x58, data.length, ...data];
}

/** A text of at most 23 characters in CBOR. */
function string(value: string): number[] {
  return [0x60 | value.length, ...text.encode(value)];
}

/** An ECDSA signature (r and s, 32 bytes each) as ASN.1 has it. */
function asDer(signature: Uint8Array): Uint8Array {
  const integer = (part: Uint8Array) => {
    const from = part.findIndex((byte) => byte !== 0);
    const short = part.slice(from);
    const positive = (short[0] ?? 0) >= 0x80 ? [0, ...short] : [...short];
    return [0x02, positive.length, ...positive];
  };
  const both = [...integer(signature.slice(0, 32)), ...integer(signature.slice(32))];
  return Uint8Array.from([0x30, both.length, ...both]);
}

function base64url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

function fromBase64url(value: string): Uint8Array {
  return Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
