/**
 * What of a neutral request or answer must come through a translation, in a form in which it doesn't matter how a protocol
 * happens to say it: neighbours joined, defaults the same as nothing said, arguments as values rather than as text. Reasoning
 * is not among it: it goes back to whoever sealed it, which is tested by itself (next-turn.test.ts).
 */
import type {
  AnswerFormat,
  EndReason,
  NeutralAnswer,
  NeutralRequest,
  Part,
  Reasoning,
  Source,
} from '../../../src/gateway/neutral.ts';
import { joined, type Lack } from './generate.ts';

/** `unsaid`: what one of the two has no way to say, and so may say anything about. */
export function essenceOf(request: NeutralRequest, unsaid: readonly Lack[]): object {
  const has = (lack: Lack): boolean => !unsaid.includes(lack);
  const {
    tools,
    toolChoice,
    parallelToolCalls,
    format,
    reasoning,
    presencePenalty,
    frequencyPenalty,
    choices,
    verbosity,
  } = request;
  return {
    ...request,
    system: request.system.map((part) => (part.type === 'text' ? part.text : part)).join('\n\n'),
    marks: marksOf(request),
    messages: joined(request).messages.map(({ role, parts }) => ({ role, parts: partsOf(parts, has('documentName')) })),
    tools: tools.map(({ name, description, parameters, strict }) => ({
      name,
      description,
      parameters: parameters ?? { type: 'object', properties: {} },
      strict: has('strict') && strict === true,
    })),
    toolChoice: toolChoice?.kind === 'auto' ? null : toolChoice,
    // Where no tool is to be called nobody asks how many.
    parallelToolCalls: toolChoice?.kind === 'none' ? true : (parallelToolCalls ?? true),
    format: format && formatOf(format, has),
    reasoning: reasoning && wishOf(reasoning),
    presencePenalty: presencePenalty ?? 0,
    frequencyPenalty: frequencyPenalty ?? 0,
    choices: choices ?? 1,
    verbosity: verbosity === 'medium' ? null : verbosity,
  };
}

function formatOf(format: AnswerFormat, has: (lack: Lack) => boolean): object | null {
  if (format.kind === 'text') return null;
  if (format.kind === 'json') return format;
  const { name, description, schema, strict } = format;
  return {
    schema,
    name: has('formatName') ? name : null,
    description: has('formatDescription') ? description : null,
    strict: has('formatStrict') && strict === true,
  };
}

/** Some protocols have no words between the least and none, or beyond high; of none nothing shows. */
function wishOf({ effort, tokensMax, shown }: Reasoning): object {
  const least = effort === 'none' || effort === 'minimal' || effort === 'low';
  const most = effort === 'high' || effort === 'xhigh' || effort === 'max';
  return { effort: least ? 'least' : most ? 'most' : effort, tokensMax, shown: least ? null : shown };
}

/** After how many parts a mark for the cache stands, and for how long. */
function marksOf({ tools, system, messages }: NeutralRequest): unknown[] {
  const all = [
    ...tools,
    ...system,
    ...messages.flatMap(({ parts }) => parts.filter(({ type }) => type !== 'reasoning')),
  ];
  return all.flatMap((one, index) => ('cache' in one && one.cache ? [[index, one.cache.ttl]] : []));
}

type Essence = { text: string } | { [kind: string]: unknown };

function partsOf(parts: readonly Part[], named = false): Essence[] {
  const said: Essence[] = [];
  for (const part of parts) {
    const last = said.at(-1);
    if (part.type !== 'text' && part.type !== 'refusal') said.push(...partOf(part, named));
    else if (last && 'text' in last) last.text += part.text;
    else said.push({ text: part.text });
  }
  return said;
}

function partOf(part: Exclude<Part, { type: 'text' | 'refusal' }>, named: boolean): Essence[] {
  switch (part.type) {
    case 'image':
      return [{ image: bytesOf(part.source), detail: part.detail === 'auto' ? null : part.detail }];
    case 'document':
      return [{ document: bytesOf(part.source), name: named ? part.name : null }];
    case 'audio':
      return [{ audio: bytesOf(part.source) }];
    case 'reasoning':
      return [];
    case 'tool_call':
      return [{ call: part.id, name: part.name, args: JSON.parse(part.json === '' ? '{}' : part.json) }];
    case 'tool_result': {
      const texts = part.content.flatMap((one) => (one.type === 'text' ? [one.text] : []));
      const media = partsOf(
        part.content.filter(({ type }) => type !== 'text'),
        named,
      );
      return [{ result: part.id, said: texts.join('\n'), media, failed: part.isError }];
    }
  }
}

/** A link may be told with its type, and may not. */
function bytesOf(source: Source): unknown {
  return source.kind === 'url' ? source.url : { type: source.mediaType, data: source.data };
}

const SAME: Partial<Record<EndReason, EndReason>> = { content_filter: 'refusal' };

export function answerEssenceOf({ choices, usage }: NeutralAnswer): object {
  return {
    choices: choices.map(({ parts, reason, sequence }) => ({
      parts: partsOf(parts),
      thought: parts.map((part) => (part.type === 'reasoning' ? part.text : '')).join(''),
      // Anthropic's word for both.
      reason: reason && (SAME[reason] ?? reason),
      sequence,
    })),
    // Anthropic counts reasoning with the rest.
    usage: usage && { ...usage, output: usage.output + usage.reasoning, reasoning: 0 },
  };
}
