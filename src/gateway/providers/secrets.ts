/**
 * Taking a credential out of what a provider says. Some quote the key that they were called with: in a refusal, in an error inside
 * an answer of a good status, in the middle of a stream. Only what is said of a failure is looked at, never an answer.
 *
 * A secret is found as it is, with any of its characters escaped as JSON or a URL would, however often a text was wrapped in
 * another, and in base64 at any place of what was encoded (`Basic`, a header that was dumped).
 */

import { tokensFor } from './google-token.ts';
import type { Credential } from './provider.ts';

const HIDDEN = '(hidden)';

/** Settings that are secret, or half of one. The others (a region, a project) are not. */
const SECRET_SETTINGS: readonly string[] = ['accessKeyId', 'sessionToken'];

/** Lines of a private key are this long and longer; what is shorter says nothing. */
const KEY_LINE_LENGTH_MIN = 20;

/** Less of a base64 text could be anything. */
const BASE64_LENGTH_MIN = 8;

/** The text without anything of the credential. */
export function withoutSecrets(text: string, credential: Credential | undefined): string {
  return credential ? withoutAny(text, secretsOf(credential)) : text;
}

/** Longest first: one may be within another. */
function withoutAny(text: string, secrets: readonly string[]): string {
  const looks = secrets.flatMap(looksOf).sort((a, b) => b.length - a.length);
  return looks.length === 0 ? text : text.replace(new RegExp(looks.join('|'), 'g'), HIDDEN);
}

function secretsOf({ key, settings }: Credential): string[] {
  const named = SECRET_SETTINGS.flatMap((name) => settings[name] ?? []);
  const lines = key.split(/\r?\n|\\n|"/).filter((line) => line.length >= KEY_LINE_LENGTH_MIN);
  // Of a key file its parts, of which the longest lines are the private key's; and what it was traded for.
  return isKeyFile(key) ? [key, ...lines, ...tokensFor(key)] : [key, ...named];
}

function isKeyFile(key: string): boolean {
  return key.trimStart().startsWith('{');
}

function looksOf(secret: string): string[] {
  if (secret === '') return [];
  const letters = [...secret].map((letter) => `(?:${[literal(letter), ...escapesOf(letter)].join('|')})`);
  return [letters.join(''), ...base64Of(secret)];
}

function escapesOf(letter: string): string[] {
  const code = letter.charCodeAt(0);
  const short = letter === '\n' ? 'n' : literal(letter);
  const percent = [...encoder.encode(letter)].map((byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`).join('');
  return [
    `\\\\+u${anyCase(code.toString(16).padStart(4, '0'))}`,
    ...(/\w/.test(short) && letter !== '\n' ? [] : [`\\\\+${short}`]),
    percent,
  ];
}

const encoder = new TextEncoder();

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** What is the same of it in base64 whatever stands before and after, at each of the three places where it may begin. */
function base64Of(secret: string): string[] {
  const bytes = encoder.encode(secret);
  return [0, 1, 2].flatMap((offset) => {
    const shifted = String.fromCharCode(...new Uint8Array(offset), ...bytes);
    const whole = btoa(shifted).slice(Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6));
    if (whole.length < BASE64_LENGTH_MIN) return [];
    return [literal(whole).replaceAll('\\+', '[+-]').replaceAll('\\/', '[/_]')];
  });
}
