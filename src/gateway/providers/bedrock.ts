/**
 * Amazon Bedrock: Claude models in Anthropic's Messages, by InvokeModel
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html), OpenAI's open models
 * at Bedrock's own Chat Completions. Requests are signed (SigV4); where a stream comes as AWS's event stream it leaves here as
 * server-sent events, as Anthropic itself would send them.
 */
import { AwsV4Signer } from 'aws4fetch';
import type { Mapping } from '../../models/catalogue.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf, jsonObjectIn } from '../reported.ts';
import { anthropic } from './anthropic.ts';
import { AwsEventStream, type AwsMessage } from './aws-event-stream.ts';
import { betaObjection, cloudBetas } from './cloud-betas.ts';
import { openai } from './openai.ts';
import type { Credential, Provider, ProviderCall } from './provider.ts';
import { sendUpstream, upstreamUrl } from './upstream.ts';
import { withoutCredential } from './without-credential.ts';

/** It takes the place of the version header, in the body. */
const ANTHROPIC_VERSION = 'bedrock-2023-05-31';

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

const EVENT_STREAM = 'application/vnd.amazon.eventstream';

/** Anthropic's word for what went wrong in a stream of AWS's. All others are `api_error`. */
const ERROR_TYPES: ReadonlyMap<string, string> = new Map([
  ['throttlingException', 'rate_limit_error'],
  ['serviceUnavailableException', 'overloaded_error'],
  ['validationException', 'invalid_request_error'],
  ['modelTimeoutException', 'timeout_error'],
]);

export const bedrock: Provider = {
  id: 'bedrock',

  /** The key is the secret access key. */
  credentialOf(env) {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: key, AWS_REGION: region } = env;
    if (!key || !accessKeyId || !region) return null;
    const { AWS_SESSION_TOKEN: sessionToken, AWS_BASE_URL: baseUrl } = env;
    const settings = { accessKeyId, region, ...(sessionToken && { sessionToken }) };
    return { key, baseUrl: baseUrl ?? null, settings, of: 'deployment' };
  },

  speaks: (mapping) => [isOpenAi(mapping) ? 'chat' : 'messages'],

  objection: ({ headers, json, mapping }) => (isOpenAi(mapping) ? null : betaObjection(headers, json, mapping)),

  async send(call: ProviderCall): Promise<Response> {
    const { env, credential, mapping, signal } = call;
    const signed = await sign(call);
    const answered = await sendUpstream(env, signed.url, { ...signed.init, signal });
    // What AWS says of a signature quotes what was signed.
    const safe = await withoutCredential(answered, credential);
    if (safe.status >= 400) return inAnthropicsTerms(safe);
    return isOpenAi(mapping) ? safe : asServerSentEvents(safe);
  },

  inputTokensMax: (asked, bodyBytes, mapping) =>
    (isOpenAi(mapping) ? openai : anthropic).inputTokensMax(asked, bodyBytes, mapping),
  inputTokensMin: anthropic.inputTokensMin,
  inputTokensEstimate: anthropic.inputTokensEstimate,
  countOutput: anthropic.countOutput,
};

function isOpenAi({ upstreamModel }: Mapping): boolean {
  return upstreamModel.startsWith('openai.');
}

async function sign(call: ProviderCall): Promise<{ url: string; init: RequestInit }> {
  const { env, credential, contentType, streamed, mapping } = call;
  const { key, baseUrl, settings } = credential;
  const { accessKeyId, sessionToken } = settings;
  if (accessKeyId === undefined) throw new Error('a secret access key without its id');
  const region = regionOf(credential);
  const url = upstreamUrl(env, baseUrl ?? `https://bedrock-runtime.${region}.amazonaws.com`, pathOf(call));
  const { method, headers, body } = await new AwsV4Signer({
    method: 'POST',
    url,
    headers: {
      'content-type': contentType,
      accept: streamed ? (isOpenAi(mapping) ? 'text/event-stream' : EVENT_STREAM) : 'application/json',
    },
    body: isOpenAi(mapping) ? String(call.body) : claudeBody(call),
    service: 'bedrock',
    region,
    accessKeyId,
    secretAccessKey: key,
    ...(sessionToken !== undefined && { sessionToken }),
  }).sign();
  return { url, init: { method, headers, body: body ?? null } };
}

function regionOf({ settings }: Credential): string {
  const region = settings.region ?? '';
  // It becomes part of a host's name.
  if (!REGION.test(region)) throw new Error('not a region of AWS');
  return region;
}

/** The model's name may begin with where it runs: `global.`, `us.`, `eu.`. */
function pathOf({ operation, mapping, streamed }: ProviderCall): string {
  if (isOpenAi(mapping) && operation === 'chat') return 'openai/v1/chat/completions';
  if (isOpenAi(mapping) || operation !== 'messages') throw new Error(`Bedrock is not called for ${operation}`);
  return `model/${encodeURIComponent(mapping.upstreamModel)}/${streamed ? 'invoke-with-response-stream' : 'invoke'}`;
}

/** The path names the model and says whether it streams; betas are in the body. */
function claudeBody({ body, clientHeaders }: ProviderCall): string {
  const json = jsonObjectIn(String(body));
  if (!json) throw new TypeError('a conversation that is no JSON object');
  const { model: _, stream: __, anthropic_beta: ___, ...sent } = json;
  const betas = cloudBetas(clientHeaders.get('anthropic-beta'));
  return JSON.stringify({
    ...sent,
    anthropic_version: ANTHROPIC_VERSION,
    ...(betas !== '' && { anthropic_beta: betas.split(',') }),
  });
}

/** `{message}` as Anthropic would say it. */
async function inAnthropicsTerms(refused: Response): Promise<Response> {
  const { status, headers } = refused;
  const json = jsonObjectIn(await refused.text());
  if (!json || json.error !== undefined) return Response.json(json ?? {}, { status, headers: retryAfterOf(headers) });
  const message = json.message ?? json.Message ?? null;
  return Response.json(
    { type: 'error', error: { type: 'api_error', message } },
    { status, headers: retryAfterOf(headers) },
  );
}

function retryAfterOf(headers: Headers): Record<string, string> {
  const retryAfter = headers.get('retry-after');
  return retryAfter === null ? {} : { 'retry-after': retryAfter };
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** A corrupt or truncated stream breaks off, as a connection would. Read only as fast as its reader reads. */
function asServerSentEvents(response: Response): Response {
  const { status, body } = response;
  if (!body || !response.headers.get('content-type')?.startsWith(EVENT_STREAM)) return response;
  const stream = new AwsEventStream();
  const reader = body.getReader();
  async function next(): Promise<string | null> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const text = stream.push(value).map(eventOf).join('');
      if (text !== '') return text;
    }
    stream.end();
    return null;
  }
  const events = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const text = await next();
          if (text === null) controller.close();
          else controller.enqueue(encoder.encode(text));
        } catch (error) {
          await reader.cancel(error).catch(() => {});
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(events, { status, headers: { 'content-type': 'text/event-stream' } });
}

function eventOf({ headers, payload }: AwsMessage): string {
  const json = fieldsOf(jsonObjectIn(decoder.decode(payload)));
  const exception = headers.get(':exception-type') ?? headers.get(':error-code');
  if (exception !== undefined) {
    const said = json.message ?? headers.get(':error-message');
    const message = typeof said === 'string' ? said : 'The provider reported an error.';
    return serverSent({ type: 'error', error: { type: ERROR_TYPES.get(exception) ?? 'api_error', message } });
  }
  // Whatever else AWS may say beside the model's own events is no event of Anthropic's.
  if (headers.get(':event-type') !== 'chunk' || typeof json.bytes !== 'string') return '';
  const event = jsonObjectIn(textIn(json.bytes));
  if (!event) throw new Error('a chunk that is no event of the model');
  return serverSent(event);
}

/** Written again rather than passed as it is: a line break within would end the event. */
function serverSent(event: Json): string {
  const name = typeof event.type === 'string' && /^\w+$/.test(event.type) ? `event: ${event.type}\n` : '';
  return `${name}data: ${JSON.stringify(event)}\n\n`;
}

function textIn(base64: string): string {
  return decoder.decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
}
