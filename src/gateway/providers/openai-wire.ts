/**
 * Calling whatever speaks OpenAI's protocol. Where it differs is a row (compatible.ts): where it is, how the key is shown, what it
 * serves, and which fields it calls otherwise.
 */

import type { Mapping } from '../../models/catalogue.ts';
import { parseExactly } from '../exact-json.ts';
import type { Json } from '../protocol.ts';
import { isSurface, type SURFACES } from '../surfaces/surfaces.ts';
import type { Credential, Operation, ProviderCall } from './provider.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

export interface OpenAiWire {
  /** Where it is, if the credential does not say. */
  baseUrl: string | null;
  /** What it is called for, and below which path; what is not here it does not serve. */
  paths: Partial<Record<Operation, string>>;
  /** The path of a call, where it is more than that. */
  pathOf?(path: string, mapping: Mapping, credential: Credential): string;
  /** The header that shows the key. */
  authorization(key: string): Record<string, string>;
  /** Client headers that mean something to it and nothing to us. */
  passedHeaders: readonly string[];
  /** A conversation as it wants it, for what OpenAI's protocol calls otherwise. */
  adjust?(json: Json, mapping: Mapping): Json;
}

/** Chat, and these surfaces, as OpenAI has them. */
export function openAiPaths(...surfaces: (typeof SURFACES)[number]['id'][]): OpenAiWire['paths'] {
  return { chat: 'chat/completions', ...Object.fromEntries(surfaces.map((surface) => [surface, surface])) };
}

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

export async function sendOnWire(wire: OpenAiWire, call: ProviderCall): Promise<Response> {
  const { env, credential, mapping, operation, body, contentType, streamed, clientHeaders, signal } = call;
  const path = wire.paths[operation];
  const baseUrl = credential.baseUrl ?? wire.baseUrl;
  if (path === undefined) throw new Error(`${mapping.provider} is not called for ${operation}`);
  if (baseUrl === null) throw new Error(`${mapping.provider} has no base URL`);
  const headers: Record<string, string> = {
    ...wire.authorization(credential.key),
    'content-type': contentType,
    // Sound comes as sound.
    accept: streamed ? 'text/event-stream' : isSurface(operation) ? '*/*' : 'application/json',
  };
  for (const name of wire.passedHeaders) {
    const value = clientHeaders.get(name);
    if (value !== null) headers[name] = value;
  }
  const url = upstreamUrl(env, baseUrl, wire.pathOf?.(path, mapping, credential) ?? path);
  const adjusts = wire.adjust && operation === 'chat' && typeof body === 'string';
  const sent = adjusts ? JSON.stringify(wire.adjust?.(parseExactly(body) as Json, mapping)) : body;
  return withoutCredential(await sendUpstream(env, url, { method: 'POST', headers, body: sent, signal }), credential);
}
