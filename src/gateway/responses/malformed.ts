/**
 * What is wrong with a request to Responses though its shape is right: base64 that is none, and tools without a name. Kinds of
 * parts and tools that nobody knows here are the provider's affair.
 */
import { isBase64, wrongInDataUrl } from '../base64.ts';
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { fieldsOf } from '../reported.ts';
import { refuseField } from '../request-body.ts';

const NAMED: ReadonlySet<unknown> = new Set(['function', 'custom']);

/** Null where nothing is. */
export function malformed(
  items: readonly Json[],
  tools: readonly Json[] | null | undefined,
): { refusal: Refusal } | null {
  for (const [i, item] of items.entries()) {
    for (const list of ['content', 'output']) {
      const parts = item[list];
      for (const [j, part] of (Array.isArray(parts) ? parts : []).entries()) {
        const wrong = wrongIn(fieldsOf(part));
        const path = `input.${i}.${list}.${j}`;
        if (wrong) return refuseField(`${path}.${wrong.field}`, `${path}: ${wrong.why}.`);
      }
    }
  }
  for (const [i, { type, name }] of (tools ?? []).entries()) {
    if (!NAMED.has(type) || (typeof name === 'string' && name !== '')) continue;
    return refuseField(`tools.${i}.name`, `tools.${i}.name is missing: every tool needs a name.`);
  }
  return null;
}

function wrongIn(part: Json): { field: string; why: string } | null {
  for (const field of ['image_url', 'file_data']) {
    const url = part[field];
    const why = typeof url === 'string' ? wrongInDataUrl(url) : null;
    if (why !== null) return { field, why };
  }
  const { data } = fieldsOf(part.input_audio);
  const wrong = typeof data === 'string' && !isBase64(data);
  return wrong ? { field: 'input_audio.data', why: 'its data is not valid base64' } : null;
}
