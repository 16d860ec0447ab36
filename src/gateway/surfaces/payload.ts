/**
 * The body of a surface's request, JSON or a form, read once and written again with the provider's name of the model. A form is
 * shown to schemas as an object: text where a field is text, a File where it is a file, a list where a name comes again (with `[]`
 * or `[0]` at its end it is the same name).
 */
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { bodyBytesMaxOf, readJsonBody, readRequestBody, refuseField } from '../request-body.ts';
import type { Surface } from './surface.ts';

export interface Payload {
  json: Json;
  /** As it goes to a provider that calls the model so. `defaults`: fields that it shall have where the caller left them out. */
  written(model: string, defaults?: Readonly<Record<string, string>>): Promise<{ body: BodyInit; contentType: string }>;
}

export async function readPayload(
  request: Request,
  { body }: Pick<Surface, 'body'>,
): Promise<{ payload: Payload } | { refusal: Refusal }> {
  if (body === 'multipart') return readForm(request);
  const read = await readJsonBody(request);
  if ('refusal' in read) return read;
  const { json } = read.body;
  const written: Payload['written'] = async (model, defaults = {}) => ({
    body: JSON.stringify({ ...defaults, ...json, model }),
    contentType: 'application/json',
  });
  return { payload: { json, written } };
}

async function readForm(request: Request): Promise<{ payload: Payload } | { refusal: Refusal }> {
  const contentType = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    return refuseField('Content-Type', 'Send the body as multipart/form-data.');
  }
  const read = await readRequestBody(request, bodyBytesMaxOf(request));
  if ('refusal' in read) return read;
  let form: FormData;
  try {
    form = await new Response(read.bytes, { headers: { 'content-type': contentType } }).formData();
  } catch {
    return refuseField(null, 'The body is not valid multipart/form-data.');
  }
  const written: Payload['written'] = async (model, defaults = {}) => {
    const copy = new FormData();
    for (const [name, value] of form) {
      if (typeof value !== 'string') copy.append(name, value, value.name);
      else copy.append(name, name === 'model' ? model : value);
    }
    for (const [name, value] of Object.entries({ ...defaults, model })) if (!copy.has(name)) copy.append(name, value);
    const packed = new Response(copy);
    return { body: await packed.arrayBuffer(), contentType: packed.headers.get('content-type') ?? '' };
  };
  return { payload: { json: fieldsOf(form), written } };
}

function fieldsOf(form: FormData): Json {
  const fields = new Map<string, (string | File)[]>();
  for (const [name, value] of form) {
    const plain = name.replace(/\[\d*\]$/, '');
    fields.set(plain, [...(fields.get(plain) ?? []), value]);
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]));
}
