/**
 * What makes an organization's provider keys unreadable to whoever reads D1, an object's disk or a policy on its way: they
 * are sealed under a secret that only the Worker is bound, and opened where a provider is called.
 *
 * AES-256-GCM under a key that HKDF-SHA-256 (RFC 5869) derives from PROVIDER_KEY_SECRET, with a random nonce of 96 bits, so
 * that sealing the same key twice shows nothing. Organization and id are authenticated with it: a sealed key that was
 * moved to another row opens nothing. The text is `psk1.<which secret>.<nonce and ciphertext, base64url>`; the name of the
 * secret is derived from it too, and tells which of two opens it while the secret is being rotated.
 */
import { base32 } from '../ids.ts';

/** Whose key it is. */
export interface SealedOf {
  organizationId: string;
  id: string;
}

/** A shorter secret could be guessed by who has the ciphertext. */
const SECRET_LENGTH_MIN = 32;
const IV_BYTES = 12;
const KEY_ID_BYTES = 5;
const SHAPE = /^psk1\.([0-9a-z]{8})\.([\w-]+)$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Secret {
  keyId: string;
  sealing: CryptoKey;
}

export class ProviderKeySeal {
  readonly #current: Secret;
  readonly #all: readonly Secret[];

  private constructor(current: Secret, previous: Secret | null) {
    this.#current = current;
    this.#all = previous ? [current, previous] : [current];
  }

  /** `previous` opens what was sealed before the secret was changed. Throws where a secret is too short. */
  static async of(secret: string, previous: string | null): Promise<ProviderKeySeal> {
    return new ProviderKeySeal(await derived(secret), previous === null ? null : await derived(previous));
  }

  async seal(plain: string, of: SealedOf): Promise<string> {
    const { sealing } = this.#current;
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const sealed = await crypto.subtle.encrypt(algorithm(iv, of), sealing, encoder.encode(plain));
    return `${this.prefix}${toBase64Url(new Uint8Array([...iv, ...new Uint8Array(sealed)]))}`;
  }

  /** The key; null where no secret of ours opens it: it was sealed under another, for another row, or was changed since. */
  async open(sealed: string, of: SealedOf): Promise<string | null> {
    const [, keyId, text = ''] = SHAPE.exec(sealed) ?? [];
    const secret = this.#all.find((one) => one.keyId === keyId);
    if (!secret) return null;
    try {
      const bytes = fromBase64Url(text);
      const iv = bytes.subarray(0, IV_BYTES);
      const plain = await crypto.subtle.decrypt(algorithm(iv, of), secret.sealing, bytes.subarray(IV_BYTES));
      return decoder.decode(plain);
    } catch {
      return null;
    }
  }

  /** What all begins with that was sealed under the secret of now. */
  get prefix(): string {
    return `psk1.${this.#current.keyId}.`;
  }
}

// Deriving costs more than opening does; a deployment's secrets do not change within an isolate's life.
let known: { secret: string; previous: string | null; seal: Promise<ProviderKeySeal> } | null = null;

/** This deployment's; null where it has no PROVIDER_KEY_SECRET, or one that is too short. */
export async function providerKeySeal(env: Env): Promise<ProviderKeySeal | null> {
  const secret = env.PROVIDER_KEY_SECRET ?? '';
  const previous = env.PROVIDER_KEY_SECRET_PREVIOUS || null;
  if (secret.length < SECRET_LENGTH_MIN || (previous?.length ?? SECRET_LENGTH_MIN) < SECRET_LENGTH_MIN) return null;
  if (known?.secret !== secret || known.previous !== previous) {
    known = { secret, previous, seal: ProviderKeySeal.of(secret, previous) };
  }
  return known.seal;
}

/** What to do about that. */
export const NO_SEAL = `This deployment cannot keep provider keys yet: set the secret PROVIDER_KEY_SECRET (${SECRET_LENGTH_MIN} characters or more; "openssl rand -base64 32" makes one).`;

async function derived(secret: string): Promise<Secret> {
  if (secret.length < SECRET_LENGTH_MIN) throw new Error('a secret of provider keys is too short');
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, [
    'deriveKey',
    'deriveBits',
  ]);
  const hkdf = (purpose: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode(`purser provider keys: ${purpose}`),
  });
  const name = await crypto.subtle.deriveBits(hkdf('name of the secret'), material, KEY_ID_BYTES * 8);
  const sealing = await crypto.subtle.deriveKey(hkdf('sealing'), material, { name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  return { keyId: base32(new Uint8Array(name)), sealing };
}

function algorithm(iv: Uint8Array, { organizationId, id }: SealedOf) {
  return { name: 'AES-GCM', iv, additionalData: encoder.encode(`${organizationId}\n${id}`) };
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(
    /[+/=]/g,
    (character) => ({ '+': '-', '/': '_' })[character] ?? '',
  );
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/[-_]/g, (character) => (character === '-' ? '+' : '/')));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
