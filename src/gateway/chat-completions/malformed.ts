/**
 * What is wrong with a request to Chat Completions though its shape is right: base64 that is none, and tools without a name. Kinds
 * of parts and tools that nobody knows here are the provider's affair.
 */
import { isBase64, wrongInDataUrl } from '../base64.ts';
import type { Json } from '../protocol.ts';
import type { Refusal } from '../refusals.ts';
import { fieldsOf } from '../reported.ts';
import { refuseField } from '../request-body.ts';

/** Null where nothing is. */
export function malformed(request: { messages: readonly Json[]; tools?: readonly Json[] | null | undefined }): {
  refusal: Refusal;
} | null {
  for (const [i, { content }] of request.messages.entries()) {
    for (const [j, part] of (Array.isArray(content) ? content : []).entries()) {
      const wrong = wrongIn(fieldsOf(part));
      if (wrong)
        return refuseField(`messages.${i}.content.${j}.${wrong.field}`, `messages.${i}.content.${j}: ${wrong.why}.`);
    }
  }
  for (const [i, tool] of (request.tools ?? []).entries()) {
    const kind = tool.type === 'custom' ? 'custom' : tool.type === 'function' || 'function' in tool ? 'function' : null;
    if (kind === null) continue;
    const { name } = fieldsOf(tool[kind]);
    const field = `tools.${i}.${kind}.name`;
    if (typeof name !== 'string' || name === '')
      return refuseField(field, `${field} is missing: every tool needs a name.`);
  }
  return null;
}

function wrongIn(part: Json): { field: string; why: string } | null {
  switch (part.type) {
    case 'image_url': {
      const { url } = fieldsOf(part.image_url);
      return typeof part.image_url === 'string' ? inUrl('image_url', part.image_url) : inUrl('image_url.url', url);
    }
    case 'file':
      return inUrl('file.file_data', fieldsOf(part.file).file_data);
    case 'input_audio': {
      const { data } = fieldsOf(part.input_audio);
      const wrong = typeof data === 'string' && !isBase64(data);
      return wrong ? { field: 'input_audio.data', why: 'its data is not valid base64' } : null;
    }
    default:
      return null;
  }
}

function inUrl(field: string, url: unknown): { field: string; why: string } | null {
  const why = typeof url === 'string' ? wrongInDataUrl(url) : null;
  return why === null ? null : { field, why };
}
