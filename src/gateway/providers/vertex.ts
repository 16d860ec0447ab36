/**
 * Google's Vertex AI: Gemini models in the Gemini API, Claude models in Anthropic's Messages, by the model's publisher
 * (https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude).
 */
import type { Mapping } from '../../models/catalogue.ts';
import { jsonObjectIn } from '../reported.ts';
import { anthropic } from './anthropic.ts';
import { betaObjection, cloudBetas } from './cloud-betas.ts';
import { geminiCount } from './gemini-count.ts';
import { geminiMethod } from './google.ts';
import { drawingObjection, drawn, draws, isOfImages } from './google-images.ts';
import { inHttpTerms } from './google-refusal.ts';
import { accessToken, forgetToken, serviceAccountIn, type TokenAnswer } from './google-token.ts';
import type { Credential, Operation, Provider, ProviderCall } from './provider.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

/** Where Google serves all of its models, from wherever there is room. */
const DEFAULT_REGION = 'global';

/** It takes the place of the version header, in the body. */
const ANTHROPIC_VERSION = 'vertex-2023-10-16';

const REGION = /^[a-z]+(-[a-z]+\d+)?$/;

export const vertex: Provider = {
  id: 'vertex',

  /** The key is a service account's key file or, where that is not given, an access token that somebody else keeps fresh. */
  credentialOf(env) {
    const key = env.VERTEX_SERVICE_ACCOUNT || env.VERTEX_ACCESS_TOKEN;
    const project = env.VERTEX_PROJECT || (key && serviceAccountIn(key)?.project_id);
    if (!key || !project) return null;
    const settings = { project, region: env.VERTEX_REGION || DEFAULT_REGION };
    return { key, baseUrl: env.VERTEX_BASE_URL ?? null, settings, of: 'deployment' };
  },

  speaks: (mapping) => [isClaude(mapping) ? 'messages' : 'gemini'],

  serves: (operation, mapping) => isOfImages(operation) && draws(mapping),

  objection(request) {
    const { operation, mapping, json, headers } = request;
    if (isOfImages(operation)) return drawingObjection(json);
    return isClaude(mapping) ? betaObjection(headers, json, mapping) : null;
  },

  async send(call: ProviderCall): Promise<Response> {
    if (isOfImages(call.operation)) return drawn(call, (asked) => vertex.send(asked));
    const { env, credential, mapping, operation, contentType, streamed, signal } = call;
    const { key } = credential;
    const granted = await tokenOf(env, key, signal);
    if (!('token' in granted)) return new Response(null, { status: granted.status });
    const url = upstreamUrl(
      env,
      credential.baseUrl ?? baseUrlOf(credential),
      pathOf(credential, mapping, operation, streamed),
    );
    const betas = isClaude(mapping) ? cloudBetas(call.clientHeaders.get('anthropic-beta')) : '';
    const headers = {
      authorization: `Bearer ${granted.token}`,
      'content-type': contentType,
      ...(betas !== '' && { 'anthropic-beta': betas }),
    };
    const body = isClaude(mapping) ? claudeBody(call.body) : call.body;
    const answered = await sendUpstream(env, url, { method: 'POST', headers, body, signal });
    if (answered.status === 401) forgetToken(key);
    const safe = await withoutCredential(answered, credential);
    return isClaude(mapping) ? safe : inHttpTerms(safe);
  },

  inputTokensMax: (asked, bodyBytes, mapping) =>
    (isClaude(mapping) ? anthropic : geminiCount).inputTokensMax(asked, bodyBytes, mapping),
  inputTokensMin: geminiCount.inputTokensMin,
  inputTokensEstimate: geminiCount.inputTokensEstimate,
  countOutput: geminiCount.countOutput,
};

function isClaude({ upstreamModel }: Mapping): boolean {
  return upstreamModel.startsWith('claude-');
}

async function tokenOf(env: Env, key: string, signal: AbortSignal): Promise<TokenAnswer> {
  return key.trimStart().startsWith('{') ? accessToken(env, key, signal) : { token: key };
}

function regionOf({ settings }: Credential): string {
  const region = settings.region ?? DEFAULT_REGION;
  // It becomes part of a host's name.
  if (!REGION.test(region)) throw new Error('not a region of Google Cloud');
  return region;
}

function baseUrlOf(credential: Credential): string {
  const region = regionOf(credential);
  if (region === 'global') return 'https://aiplatform.googleapis.com';
  // The multi-regions have a host of another kind (`us`, `eu`).
  if (!region.includes('-')) return `https://aiplatform.${region}.rep.googleapis.com`;
  return `https://${region}-aiplatform.googleapis.com`;
}

function pathOf(credential: Credential, mapping: Mapping, operation: Operation, streamed: boolean): string {
  const project = encodeURIComponent(credential.settings.project ?? '');
  const location = `v1/projects/${project}/locations/${regionOf(credential)}`;
  const publisher = isClaude(mapping) ? 'anthropic' : 'google';
  const model = encodeURIComponent(mapping.upstreamModel).replaceAll('%40', '@');
  return `${location}/publishers/${publisher}/models/${model}:${methodOf(mapping, operation, streamed)}`;
}

function methodOf(mapping: Mapping, operation: Operation, streamed: boolean): string {
  if (!isClaude(mapping)) return geminiMethod(operation, streamed);
  if (operation !== 'messages') throw new Error(`Claude on Vertex is not called for ${operation}`);
  return streamed ? 'streamRawPredict' : 'rawPredict';
}

/** The path names the model; betas are in the header. */
function claudeBody(body: BodyInit): string {
  const json = jsonObjectIn(String(body));
  if (!json) throw new TypeError('a conversation that is no JSON object');
  const { model: _, anthropic_beta: __, ...sent } = json;
  return JSON.stringify({ ...sent, anthropic_version: ANTHROPIC_VERSION });
}
