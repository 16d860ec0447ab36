/** Calls about videos to whoever speaks OpenAI's protocol. */
import type { VideoCall } from './provider.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

export async function callOpenAiVideos(defaultBaseUrl: string, call: VideoCall): Promise<Response> {
  const { env, credential, method, path, headers, body, signal } = call;
  const url = upstreamUrl(env, credential.baseUrl ?? defaultBaseUrl, `videos${path}`);
  const authorized = { ...headers, authorization: `Bearer ${credential.key}` };
  return withoutCredential(await sendUpstream(env, url, { method, headers: authorized, body, signal }), credential);
}
