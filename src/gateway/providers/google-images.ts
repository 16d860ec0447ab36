/**
 * Images by Gemini's models, for whoever asks in OpenAI's protocol (/v1/images/generations and /edits): Google's own is a conversation
 * whose answer is an image (https://ai.google.dev/gemini-api/docs/image-generation). What that has no word for is refused by its
 * name, before anything is held.
 */
import { readUsage } from '../gemini/answer.ts';
import type { Json } from '../protocol.ts';
import { fieldsOf, isObject, jsonObjectIn } from '../reported.ts';
import { outputTokensMaxOf } from '../surfaces/images.ts';
import type { Objection, Operation, ProviderCall } from './provider.ts';

/** Width to height, of all that Gemini makes. */
const RATIOS = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9', '1:4', '4:1', '1:8', '8:1'];

/** The longest side that is still of Gemini's usual size, and of the next one. */
const SIDE_1K = 1_792;
const SIDE_2K = 3_072;

/** What changes nothing where it has these values; null: whatever it says. */
const HARMLESS: Readonly<Record<string, readonly unknown[] | null>> = {
  model: null,
  user: null,
  prompt: null,
  size: null,
  image: null,
  n: [1, '1'],
  quality: ['auto', 'standard'],
  background: ['auto', 'opaque'],
  moderation: ['auto'],
  response_format: ['b64_json'],
  stream: [false, 'false'],
  partial_images: [0, '0'],
};

export function isOfImages(operation: Operation): boolean {
  return operation === 'images/generations' || operation === 'images/edits';
}

/** Whether the model makes them. */
export function draws({ serves = [] }: ProviderCall['mapping']): boolean {
  return serves.includes('images/generations');
}

/** What of a request Gemini has no word for. */
export function drawingObjection(json: Json): Objection | null {
  const foreign = Object.entries(json).find(([name, value]) => isForeign(name, value));
  if (foreign) {
    const [field] = foreign;
    return { field, message: `${field} is nothing that Gemini's models can be told so.` };
  }
  if (imageConfig(json.size)) return null;
  return { field: 'size', message: `size is of none of the shapes that Gemini makes: ${RATIOS.join(', ')}.` };
}

/** The images, by a conversation that `converse` sends, of a request to which there is no objection. */
export async function drawn(
  call: ProviderCall,
  converse: (call: ProviderCall) => Promise<Response>,
): Promise<Response> {
  const fields = await fieldsIn(call);
  const image = imageConfig(fields.get('size'));
  if (!image) throw new Error('a size to which there is an objection');
  const parts = [{ text: fields.get('prompt') }, ...(await Promise.all(filesIn(fields).map(inlined)))];
  const size = typeof fields.get('size') === 'string' ? String(fields.get('size')) : null;
  const body = JSON.stringify({
    contents: [{ role: 'user', parts }],
    generationConfig: {
      responseModalities: ['IMAGE'],
      // No more than was set aside, thoughts included.
      maxOutputTokens: outputTokensMaxOf(size),
      ...(Object.keys(image).length > 0 && { imageConfig: image }),
    },
  });
  const sent = { ...call, operation: 'gemini' as const, streamed: false, body, contentType: 'application/json' };
  return asOpenAiSaysIt(await converse(sent));
}

type Field = unknown;

/** By name; of a form's, all files of a name in a list. */
async function fieldsIn({ operation, body, contentType }: ProviderCall): Promise<Map<string, Field>> {
  if (operation === 'images/generations') return new Map(Object.entries(jsonObjectIn(String(body)) ?? {}));
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  // Of several files each comes under the name with `[]` behind it.
  const byName = Map.groupBy(form, ([name]) => name.replace(/\[\]$/, ''));
  const files = (values: Field[]) => values.some((value) => typeof value !== 'string');
  return new Map(
    [...byName].map(([name, entries]) => {
      const values = entries.map(([, value]) => value);
      return [name, files(values) ? values : values[0]];
    }),
  );
}

function isForeign(name: string, value: Field): boolean {
  if (value == null) return false;
  const harmless = Object.hasOwn(HARMLESS, name) ? HARMLESS[name] : [];
  return harmless !== null && !harmless?.includes(value);
}

/** What Gemini is told of a size: nothing, where its own choice will do; null where it makes none of that shape. */
function imageConfig(size: Field): Json | null {
  if (size == null || size === 'auto') return {};
  const [, wide, high] = /^(\d{1,5})x(\d{1,5})$/.exec(String(size)) ?? [];
  const [width, height] = [Number(wide), Number(high)];
  const aspectRatio = RATIOS.find((ratio) => {
    const [x = 0, y = 0] = ratio.split(':').map(Number);
    return width > 0 && width * y === height * x;
  });
  if (aspectRatio === undefined) return null;
  const side = Math.max(width, height);
  if (side <= SIDE_1K) return { aspectRatio };
  return { aspectRatio, imageSize: side <= SIDE_2K ? '2K' : '4K' };
}

function filesIn(fields: Map<string, Field>): File[] {
  const files = fields.get('image');
  return Array.isArray(files) ? files.filter((file): file is File => file instanceof File) : [];
}

async function inlined(file: File): Promise<Json> {
  return {
    inlineData: { mimeType: file.type || 'image/png', data: inBase64(new Uint8Array(await file.arrayBuffer())) },
  };
}

/** A call takes only so many arguments. */
const BYTES_AT_ONCE = 8_192;

function inBase64(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += BYTES_AT_ONCE) {
    text += String.fromCharCode(...bytes.subarray(from, from + BYTES_AT_ONCE));
  }
  return btoa(text);
}

/**
 * Google's answer in OpenAI's words; a refusal as it is. Where it made no image it says why: what it read and thought is billed all the
 * same, so this is no error.
 */
async function asOpenAiSaysIt(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const json = jsonObjectIn(await response.text());
  if (!json) return Response.json({ error: { message: 'Google answered with no JSON.' } });
  if (json.error != null) return Response.json({ error: json.error });
  const [candidate] = Array.isArray(json.candidates) ? json.candidates.map(fieldsOf) : [];
  const said = fieldsOf(candidate?.content).parts;
  // A thought may have an image too, which is none of the answer's.
  const parts = (Array.isArray(said) ? said : []).filter(isObject).filter(({ thought }) => thought !== true);
  const images = parts.map(({ inlineData }) => fieldsOf(inlineData)).filter(({ data }) => typeof data === 'string');
  const [first] = images;
  const format = String(first?.mimeType ?? '').replace(/^image\//, '');
  const texts = parts.map(({ text }) => text).filter((text) => typeof text === 'string');
  return Response.json({
    created: Math.floor(Date.now() / 1000),
    data: images.map(({ data }) => ({ b64_json: data })),
    ...(first && { output_format: format }),
    ...(!first && { finish_reason: candidate?.finishReason ?? fieldsOf(json.promptFeedback).blockReason ?? null }),
    ...(!first && texts.length > 0 && { text: texts.join('') }),
    usage: usageOf(json.usageMetadata),
  });
}

/** As OpenAI tells it of images; thoughts are billed as text. Null where Google tells none. */
function usageOf(reported: unknown): Json | null {
  const usage = readUsage(reported);
  if (!usage) return null;
  const image = usage.imageInput + usage.cachedImageInput;
  const text = usage.input + usage.cachedInput;
  const made = usage.output + usage.reasoning;
  return {
    input_tokens: text + image,
    input_tokens_details: { text_tokens: text, image_tokens: image },
    output_tokens: made + usage.imageOutput,
    output_tokens_details: { text_tokens: made, image_tokens: usage.imageOutput },
    total_tokens: text + image + made + usage.imageOutput,
  };
}
