/**
 * The gateway's routes. Each handler reads like its story: who calls, what for, may they, then the relay.
 */
import { Hono } from 'hono';
import { Deadlines } from '../deadlines.ts';
import { newRequestId } from '../ids.ts';
import type { Catalogue } from '../models/catalogue.ts';
import type { LiveCatalogue } from '../prices/live-catalogue.ts';
import { logUnexpected } from '../unexpected-error.ts';
import { chat } from './chat-completions/protocol.ts';
import { converse } from './converse.ts';
import { countTokens } from './count-tokens.ts';
import { listGoogleModels, showGoogleModel } from './gemini/models-route.ts';
import { gemini } from './gemini/protocol.ts';
import { callModel } from './gemini/route.ts';
import { showKey } from './key-route.ts';
import { messagesCounting } from './messages/counting.ts';
import { listAnthropicModels, showAnthropicModel } from './messages/models-route.ts';
import { messages } from './messages/protocol.ts';
import { listModels, showModel } from './models-route.ts';
import { nothingHere } from './nothing-here.ts';
import type { Protocol } from './protocol.ts';
import type { Providers } from './providers/provider.ts';
import { refusalResponse } from './refusal-response.ts';
import type { Refusal } from './refusals.ts';
import { billable } from './replay/billable.ts';
import type { AnswerRecord } from './replay/recording.ts';
import type { JsonBody } from './request-body.ts';
import { RequestLog } from './request-log.ts';
import { responses } from './responses/protocol.ts';
import { respond } from './responses/route.ts';
import { deleteResponse, listInputItems, showResponse } from './responses/stored-routes.ts';
import { serveSurface } from './surfaces/route.ts';
import { SURFACES } from './surfaces/surfaces.ts';
import { createVideo, VIDEOS } from './videos/create.ts';
import { deleteVideo, showVideoRoute, videoContent } from './videos/routes.ts';

/** What every gateway handler works with. */
export interface GatewayContext {
  env: Env;
  ctx: ExecutionContext;
  request: Request;
  requestId: string;
  deadlines: Deadlines;
  catalogue: Catalogue;
  providers: Providers;
  /** Of a request with an Idempotency-Key that runs: whoever bills or streams tells it (replay/recording.ts). */
  recording: AnswerRecord | null;
  /** Told of each attempt; absent: nothing is logged. */
  log?: RequestLog | undefined;
  /** What was read of the request's body, where that was before its handler. */
  body: JsonBody | null;
}

/** What is told beside an answer, by lower-case name. Plain, until the answer is made: each look at a Headers is a call into the platform. */
export type AnswerHeaders = Record<string, string>;

const REQUEST_ID = /^[\w.:-]{1,128}$/;

export type Handler = (context: GatewayContext, parameter: string) => Promise<Response | Refusal>;

/**
 * The routes under /v1, over the models and providers that this build serves. Google's are also under /v1beta, and alone there:
 * its clients use the one or the other.
 */
export function gatewayRouter(
  live: LiveCatalogue,
  providers: Providers,
  version: 'v1' | 'v1beta' = 'v1',
): Hono<{ Bindings: Env }> {
  const router = new Hono<{ Bindings: Env }>();

  const answer =
    (handle: Handler, protocol?: Protocol, endpoint = protocol?.endpoint ?? null) =>
    async (c: { env: Env; executionCtx: unknown; req: { raw: Request; param(name: string): string | undefined } }) => {
      const request = c.req.raw;
      const asked = request.headers.get('x-request-id');
      const requestId = asked && REQUEST_ID.test(asked) ? asked : newRequestId();
      const ctx = c.executionCtx as ExecutionContext;
      const deadlines = new Deadlines();
      const catalogue = await live.now(c.env, ctx);
      const made = { requestId, deadlines, catalogue, providers, recording: null, body: null };
      const log = c.env.REQUEST_LOG === 'off' ? undefined : new RequestLog(request, requestId, endpoint);
      const context = { env: c.env, ctx, request, log, ...made };
      // Caught here and not where all routers' errors are: only here is it known under which id the request runs.
      const answering = handle(context, c.req.param('model') ?? c.req.param('id') ?? '').catch(
        (error: unknown): Refusal => {
          logUnexpected(error, requestId);
          return { kind: 'internal_error' };
        },
      );
      // Who hangs up while the object is asked leaves no hold behind, and a line.
      ctx.waitUntil(answering);
      const answered = await answering;
      const response =
        answered instanceof Response
          ? answered
          : refusalResponse(protocol ?? envelopeOf(request), answered, requestId, { 'x-request-id': requestId });
      log?.answered(response);
      return response;
    };

  router.post('/models/:model{.+}', answer(callModel, gemini));
  if (version === 'v1beta') {
    router.get('/models', answer(listGoogleModels, gemini, 'models'));
    router.get('/models/:model{.+}', answer(showGoogleModel, gemini, 'models'));
    router.all('*', answer(nothingHere, gemini));
    return router;
  }
  router.post('/chat/completions', answer(billable(converse(chat)), chat));
  router.post('/responses', answer(billable(respond), responses));
  router.get('/responses/:id', answer(showResponse, responses));
  router.delete('/responses/:id', answer(deleteResponse, responses));
  router.get('/responses/:id/input_items', answer(listInputItems, responses));
  router.post('/messages', answer(billable(converse(messages)), messages));
  router.post('/messages/count_tokens', answer(countTokens(messagesCounting), messages, 'messages/count_tokens'));
  // Whatever else is asked of Anthropic's path is asked by its clients, also where they name no version.
  router.all('/messages/*', answer(nothingHere, messages));
  for (const surface of SURFACES)
    router.post(`/${surface.id}`, answer(billable(serveSurface(surface)), undefined, surface.id));
  router.post('/videos', answer(billable(createVideo), undefined, VIDEOS));
  router.get('/videos/:id', answer(showVideoRoute, undefined, VIDEOS));
  router.get('/videos/:id/content', answer(videoContent, undefined, VIDEOS));
  router.delete('/videos/:id', answer(deleteVideo, undefined, VIDEOS));
  router.get(
    '/models',
    answer(
      byClient({ chat: listModels, messages: listAnthropicModels, gemini: listGoogleModels }),
      undefined,
      'models',
    ),
  );
  router.get(
    '/models/:model{.+}',
    answer(byClient({ chat: showModel, messages: showAnthropicModel, gemini: showGoogleModel }), undefined, 'models'),
  );
  router.get('/key', answer(showKey, undefined, 'key'));
  router.all('*', answer(nothingHere));
  return router;
}

// Some routes are called by clients of several protocols. Anthropic's name the version of its API, Google's have a header for the key.

const ENVELOPES = { chat, messages, gemini };

function clientOf({ headers }: Request): keyof typeof ENVELOPES {
  if (headers.has('anthropic-version')) return 'messages';
  return headers.has('x-goog-api-key') ? 'gemini' : 'chat';
}

function envelopeOf(request: Request): Protocol {
  return ENVELOPES[clientOf(request)];
}

function byClient(handlers: Record<keyof typeof ENVELOPES, Handler>): Handler {
  return (context, parameter) => handlers[clientOf(context.request)](context, parameter);
}
