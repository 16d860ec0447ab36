/**
 * Embeddings at AI Studio, for whoever asks in OpenAI's protocol: Google's own has the texts one by one in a batch
 * (https://ai.google.dev/api/embeddings). It tells no usage, so what is charged is our count of the texts.
 */
import type { Json } from '../protocol.ts';
import { fieldsOf, jsonObjectIn } from '../reported.ts';
import type { Objection } from './provider.ts';

/** Tokens in the place of text nobody but the model's own maker can read. */
export function embeddingObjection({ input }: Json): Objection | null {
  return textsIn(input) ? null : { field: 'input', message: 'input: Google takes texts, not tokens.' };
}

function textsIn(input: unknown): string[] | null {
  const texts = Array.isArray(input) ? input : [input];
  return texts.every((text) => typeof text === 'string') ? texts : null;
}

/** The batch, of a request to which there is no objection. */
export function batchOf(body: string, model: string): { batch: string; base64: boolean } {
  const { input, dimensions, encoding_format, taskType, title } = jsonObjectIn(body) ?? {};
  const texts = textsIn(input);
  if (!texts) throw new Error('an input to which there is an objection');
  const requests = texts.map((text) => ({
    model: `models/${model}`,
    content: { parts: [{ text }] },
    ...(dimensions != null && { outputDimensionality: dimensions }),
    ...(taskType != null && { taskType }),
    ...(title != null && { title }),
  }));
  return { batch: JSON.stringify({ requests }), base64: encoding_format === 'base64' };
}

/** Google's answer in OpenAI's words; a refusal as it is. */
export async function asOpenAiSaysIt(response: Response, model: string, base64: boolean): Promise<Response> {
  if (!response.ok) return response;
  const { embeddings } = jsonObjectIn(await response.text()) ?? {};
  if (!Array.isArray(embeddings)) return Response.json({ error: { message: 'Google answered with no embeddings.' } });
  const data = embeddings.map((each, index): Json => {
    const { values } = fieldsOf(each);
    const numbers = Array.isArray(values) ? values.map(Number) : [];
    return { object: 'embedding', index, embedding: base64 ? inBase64(numbers) : numbers };
  });
  return Response.json({ object: 'list', data, model });
}

/** As OpenAI's client asks for it: 32-bit floats. */
function inBase64(numbers: number[]): string {
  let bytes = '';
  for (const byte of new Uint8Array(new Float32Array(numbers).buffer)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}
