/** How a provider is reached, and where its base URL leads. Only the operator sets one, but a slip must not make the Worker call itself. */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** `base` (with whatever path it has) joined with `path`. Throws where the URL is unusable: a deployment's mistake. */
export function upstreamUrl(env: Env, base: string, path: string): string {
  const url = URL.parse(base);
  if (!url) throw new Error(`not a URL: ${base}`);
  const loopback = LOOPBACK.test(url.hostname);
  if (loopback && env.ALLOW_LOOPBACK_UPSTREAMS !== '1') {
    throw new Error('a provider on this machine needs ALLOW_LOOPBACK_UPSTREAMS=1');
  }
  if (url.protocol !== 'https:' && !loopback)
    throw new Error(`a provider URL must be https: ${url.protocol}//${url.host}`);
  return `${base.replace(/\/+$/, '')}/${path}`;
}

/** Sends a call to a provider. Redirects are not followed: they would carry the provider's key wherever they point. */
export function sendUpstream(env: Env, url: string, call: RequestInit): Promise<Response> {
  const sent: RequestInit = { ...call, redirect: 'manual' };
  return env.EGRESS ? env.EGRESS.fetch(url, sent) : fetch(url, sent);
}
