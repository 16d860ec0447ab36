/**
 * The keys that callers present. One function makes them, one checks them.
 *
 * `psr_<member><secret><tag>` is an API key, `psm_<organization><secret><tag>` a master key. The middle parts are the
 * owner's id without its prefix (16 characters), 160 random bits (32) and 80 bits of an HMAC over all before it (16).
 * The tag lets the Worker refuse a forged or mistyped key without waking an object or asking D1; it grants nothing by
 * itself. Only the SHA-256 of a key is ever stored.
 */
import { base32, ID_LENGTH, randomText } from '../ids.ts';
import { LIMITS } from '../limits.ts';

export type KeyKind = 'api' | 'master';

const KINDS = {
  api: { prefix: 'psr_', owner: 'mem_' },
  master: { prefix: 'psm_', owner: 'org_' },
} as const;

const SECRET_LENGTH = 32;
const TAG_LENGTH = 16;
const SHAPE = /^(psr_|psm_)([0-9a-hjkmnp-tv-z]{64})$/;

export interface PresentedKey {
  kind: KeyKind;
  /** The member (API key) or organization (master key) that the key names. */
  ownerId: string;
  /** SHA-256 of the whole key, hex. */
  hash: string;
}

export interface NewKey extends PresentedKey {
  /** The key itself: shown once, then forgotten. */
  secret: string;
  /** What lists show: enough to recognise a key, useless to use. */
  masked: string;
}

const encoder = new TextEncoder();

// Importing the HMAC key costs more than using it; the deployment's secret does not change within an isolate's life.
let imported: { secret: string; key: Promise<CryptoKey> } | null = null;

function taggingKey(deploymentSecret: string): Promise<CryptoKey> {
  if (deploymentSecret === '') throw new Error('KEY_SECRET is empty: keys cannot be made or checked');
  if (imported?.secret !== deploymentSecret) {
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = crypto.subtle.importKey('raw', encoder.encode(deploymentSecret), algorithm, false, ['sign']);
    imported = { secret: deploymentSecret, key };
    checked.clear();
  }
  return imported.key;
}

async function tagOf(untagged: string, deploymentSecret: string): Promise<string> {
  const signature = await crypto.subtle.sign('HMAC', await taggingKey(deploymentSecret), encoder.encode(untagged));
  return base32(new Uint8Array(signature, 0, (TAG_LENGTH * 5) / 8));
}

export async function sha256Hex(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Compares two texts in a time that depends on their lengths only. */
export function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % Math.max(1, b.length));
  return difference === 0;
}

/** Makes a key that names `ownerId` (a member for an API key, an organization for a master key). */
export async function makeKey(kind: KeyKind, ownerId: string, deploymentSecret: string): Promise<NewKey> {
  const { prefix, owner } = KINDS[kind];
  if (!ownerId.startsWith(owner) || ownerId.length !== owner.length + ID_LENGTH) {
    throw new Error(`a key of kind ${kind} cannot name ${ownerId}`);
  }
  const untagged = prefix + ownerId.slice(owner.length) + randomText(SECRET_LENGTH);
  const secret = untagged + (await tagOf(untagged, deploymentSecret));
  return { kind, ownerId, secret, hash: await sha256Hex(secret), masked: `${prefix}…${secret.slice(-4)}` };
}

/** Keys checked by this isolate of late: a busy caller's key is hashed once, not with every request. */
const checked = new Map<string, PresentedKey>();

/** Reads a presented key: who it names and its hash, or null where it is malformed or its tag is not ours. */
export async function checkKey(presented: string, deploymentSecret: string): Promise<PresentedKey | null> {
  // Only what was found good under this very secret is remembered; whether the key still is in force the object says.
  if (imported?.secret === deploymentSecret) {
    const known = checked.get(presented);
    if (known) return known;
  }
  const match = SHAPE.exec(presented);
  if (!match?.[2]) return null;
  const untagged = presented.slice(0, -TAG_LENGTH);
  const tag = await tagOf(untagged, deploymentSecret);
  if (!equalInConstantTime(tag, presented.slice(-TAG_LENGTH))) return null;
  const kind: KeyKind = match[1] === KINDS.api.prefix ? 'api' : 'master';
  const ownerId = KINDS[kind].owner + match[2].slice(0, ID_LENGTH);
  const key: PresentedKey = { kind, ownerId, hash: await sha256Hex(presented) };
  if (checked.size >= LIMITS.checkedKeysMax) checked.clear();
  checked.set(presented, key);
  return key;
}
