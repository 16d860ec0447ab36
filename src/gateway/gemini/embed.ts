/**
 * models/{model}:embedContent and :batchEmbedContents: embeddings, asked for in Google's words. They go the way of
 * /v1/embeddings, whose models all of them are, and their answers come back in Google's words.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { refuseKeyFirst } from '../admission.ts';
import { authenticate } from '../credentials.ts';
import { DemoField } from '../demo-field.ts';
import type { Json, Understood } from '../protocol.ts';
import type { Described, Refusal } from '../refusals.ts';
import { billable } from '../replay/billable.ts';
import { fieldsOf, jsonObjectIn } from '../reported.ts';
import { parseBody, readJsonBody, refuseField } from '../request-body.ts';
import type { Handler } from '../router.ts';
import { embeddings } from '../surfaces/embeddings.ts';
import { serveSurface } from '../surfaces/route.ts';
import { inCamelCase } from './fields.ts';
import { refusalBody } from './wire.ts';

/** What is not known here would be lost on the way: refused by name. */
const One = z.strictObject({
  model: z.string().nullish(),
  content: z.looseObject({ parts: z.array(z.strictObject({ text: z.string() })).min(1) }),
  taskType: z.string().nullish(),
  title: z.string().nullish(),
  outputDimensionality: z.int().positive().nullish(),
  demo: DemoField.optional(),
});

const Batch = z.strictObject({ requests: z.array(One).min(1).max(LIMITS.inputsMax), demo: DemoField.optional() });

const serve = serveSurface(embeddings);

type Path = (parameter: string) => { model: string };

export const embedContent = (pathOf: Path): Handler => embedding(pathOf, false);
export const batchEmbedContents = (pathOf: Path): Handler => embedding(pathOf, true);

function embedding(pathOf: Path, isBatch: boolean): Handler {
  return billable(async (context, parameter) => {
    const { request, env } = context;
    const authenticated = await authenticate(request, env);
    if ('refusal' in authenticated) return authenticated.refusal;
    const keyFirst = async (refusal: Refusal) =>
      (await refuseKeyFirst(context, authenticated.caller, embeddings.id)) ?? refusal;
    const read = await readJsonBody(request);
    if ('refusal' in read) return keyFirst(read.refusal);
    const understood = openAiBody(read.body.json, pathOf(parameter).model, isBatch);
    if ('refusal' in understood) return keyFirst(understood.refusal);
    const headers = new Headers(request.headers);
    headers.delete('content-length');
    const asked = new Request(request, { headers, body: JSON.stringify(understood.understood) });
    const answered = await serve({ ...context, request: asked }, parameter);
    return answered instanceof Response ? inGooglesWords(answered, isBatch) : answered;
  });
}

/** What Google alone knows passes by its own name, for the provider to take or refuse. */
function openAiBody(json: Json, model: string, isBatch: boolean): Understood<Json> {
  const cased = inCamelCase(json);
  if ('refusal' in cased) return cased;
  const parsed = isBatch ? parseBody(Batch, cased.understood) : parseBody(One, cased.understood);
  if ('refusal' in parsed) return parsed;
  const requests =
    'requests' in parsed.understood
      ? (parsed.understood as z.infer<typeof Batch>).requests
      : [parsed.understood as z.infer<typeof One>];
  const wishes = requests.map(({ taskType, title, outputDimensionality }) => ({
    ...(outputDimensionality != null && { dimensions: outputDimensionality }),
    ...(taskType != null && { taskType }),
    ...(title != null && { title }),
  }));
  const [wish = {}] = wishes;
  const other = wishes.findIndex((one) => JSON.stringify(one) !== JSON.stringify(wish));
  if (other !== -1) {
    return refuseField(`requests.${other}`, `requests.${other} asks for another kind of embedding than the first.`);
  }
  const input = requests.map(({ content }) => content.parts.map(({ text }) => text).join('\n'));
  const { demo } = parsed.understood;
  return { understood: { model, input, ...wish, ...(demo && { demo }) } };
}

async function inGooglesWords(answered: Response, isBatch: boolean): Promise<Response> {
  const { status, headers } = answered;
  const json = jsonObjectIn(await answered.text());
  const told = new Headers(headers);
  told.delete('content-length');
  if (!answered.ok) {
    const error = fieldsOf(json?.error) as Partial<Described>;
    const { type = '', code = '', message = '', param = null, metadata = {} } = error;
    const retryAfter = headers.get('retry-after');
    return Response.json(refusalBody({ status, type, code, message, param, metadata, retryAfter }), {
      status,
      headers: told,
    });
  }
  const data = Array.isArray(json?.data) ? json.data.map(fieldsOf) : [];
  const found = data.map(({ embedding }) => ({ values: embedding }));
  return Response.json(isBatch ? { embeddings: found } : { embedding: found[0] }, { headers: told });
}
