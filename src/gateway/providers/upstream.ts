/**
 * How a provider is reached, and where its base URL leads. The operator's is trusted but for a slip; an organization's was
 * checked when it was given, and is again when it is used (ssrf.ts).
 */
import { checkBaseUrl, hostOf, isLoopbackHost } from './ssrf.ts';

/** `checkBaseUrl` by the rules of this deployment. `own`: a URL by which it was called, where one is at hand. */
export function checkOrganizationsBaseUrl(
  env: Env,
  baseUrl: string,
  own: string | null,
): ReturnType<typeof checkBaseUrl> {
  return checkBaseUrl(baseUrl, { loopback: env.ALLOW_LOOPBACK_UPSTREAMS === '1', own });
}

/** `base` (with whatever path it has) joined with `path`. Throws where the URL is unusable: a deployment's mistake. */
export function upstreamUrl(env: Env, base: string, path: string): string {
  const trusted = `${env.ALLOW_LOOPBACK_UPSTREAMS} ${base}`;
  if (trusted !== lastTrusted) {
    checkBase(env, base);
    lastTrusted = trusted;
  }
  return `${base.replace(/\/+$/, '')}/${path}`;
}

/** Most requests of an isolate go where the one before went. */
let lastTrusted: string | null = null;

function checkBase(env: Env, base: string): void {
  const url = URL.parse(base);
  if (!url) throw new Error(`not a URL: ${base}`);
  const loopback = isLoopbackHost(hostOf(url));
  if (loopback && env.ALLOW_LOOPBACK_UPSTREAMS !== '1') {
    throw new Error('a provider on this machine needs ALLOW_LOOPBACK_UPSTREAMS=1');
  }
  if (url.protocol !== 'https:' && !loopback)
    throw new Error(`a provider URL must be https: ${url.protocol}//${url.host}`);
}

/** Sends a call to a provider. Redirects are not followed: they would carry the provider's key wherever they point. */
export function sendUpstream(env: Env, url: string, call: RequestInit): Promise<Response> {
  const sent: RequestInit = { ...call, redirect: 'manual' };
  return env.EGRESS ? env.EGRESS.fetch(url, sent) : fetch(url, sent);
}
