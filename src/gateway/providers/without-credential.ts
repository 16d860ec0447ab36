/** What a provider says of a request that it refuses is passed on, and some quote the credential that they were sent. */
import { LIMITS } from '../../limits.ts';
import { readBody } from '../request-body.ts';
import type { Credential } from './provider.ts';
import { withoutSecrets } from './secrets.ts';

/** The answer; a refusal with what is read of one (upstream-refusal.ts), and the credential taken out of it. */
export async function withoutCredential(response: Response, credential: Credential): Promise<Response> {
  const { status, headers } = response;
  if (status < 400) return response;
  const bytes = await readBody(response, LIMITS.upstreamErrorBytesMax).catch(() => null);
  const text = bytes && withoutSecrets(new TextDecoder().decode(bytes), credential);
  const retryAfter = headers.get('retry-after');
  return new Response(text, { status, headers: retryAfter === null ? {} : { 'retry-after': retryAfter } });
}
