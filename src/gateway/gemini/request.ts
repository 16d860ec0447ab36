/**
 * models/{model}:generateContent and :streamGenerateContent: what Purser must understand of a request to bound its cost.
 * Everything else passes to Google as it came, unknown fields included.
 *
 * Shapes as in Google's REST reference (GenerateContentRequest) and in the types of @google/genai 3.1.0.
 */
import { z } from '@hono/zod-openapi';
import { LIMITS } from '../../limits.ts';
import { isBase64 } from '../base64.ts';
import { DemoField } from '../demo-field.ts';
import { UNKNOWN_MEDIUM } from '../media.ts';
import { belongsElsewhere } from '../other-protocol.ts';
import type { Asked, Json, Media, Understood } from '../protocol.ts';
import { fieldsOf } from '../reported.ts';
import { parseBody, refuseField } from '../request-body.ts';
import { isPricedTier } from '../service-tier.ts';
import { inCamelCase } from './fields.ts';
import { providerToolsOf, unboundedTool } from './provider-tools.ts';

const Bytes = z.looseObject({
  mimeType: z.string().nullish(),
  data: z.string().refine(isBase64, 'not base64').nullish(),
});

const File = z.looseObject({ mimeType: z.string().nullish(), fileUri: z.string().nullish() });

const Resolution = z.looseObject({ level: z.string().nullish(), numTokens: z.unknown().optional() });

const FunctionResponse = z.looseObject({
  id: z.string().nullish(),
  name: z.string().min(1),
  response: z.looseObject({}).nullish(),
  parts: z.array(z.looseObject({ inlineData: Bytes.nullish(), fileData: File.nullish() })).nullish(),
});

const Part = z.looseObject({
  text: z.string().nullish(),
  thought: z.boolean().nullish(),
  thoughtSignature: z.string().nullish(),
  inlineData: Bytes.nullish(),
  fileData: File.nullish(),
  mediaResolution: Resolution.nullish(),
  functionCall: z
    .looseObject({ id: z.string().nullish(), name: z.string().min(1), args: z.looseObject({}).nullish() })
    .nullish(),
  functionResponse: FunctionResponse.nullish(),
});

const Content = z.looseObject({ role: z.string().nullish(), parts: z.array(Part).nullish() });

const FunctionDeclaration = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: z.looseObject({}).nullish(),
  parametersJsonSchema: z.looseObject({}).nullish(),
});

const Tool = z.looseObject({ functionDeclarations: z.array(FunctionDeclaration).nullish() });

const GenerationConfig = z.looseObject({
  maxOutputTokens: z.int().positive().nullish(),
  candidateCount: z.int().positive().max(LIMITS.candidatesMax).nullish(),
  responseModalities: z.array(z.string()).nullish(),
});

/** In camelCase (fields.ts). */
export const GenerateContentBody = z
  .looseObject({
    contents: z.array(Content).min(1),
    systemInstruction: z.union([Content, z.string()]).nullish(),
    tools: z.array(Tool).nullish(),
    generationConfig: GenerationConfig.nullish(),
    serviceTier: z.string().nullish(),
    demo: DemoField.optional(),
  })
  .openapi('GenerateContentBody', {
    example: {
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      generationConfig: { maxOutputTokens: 100 },
    } as never,
  });

export type GenerateContentRequest = z.infer<typeof GenerateContentBody>;
type PartRequest = z.infer<typeof Part>;

/** What a stream shows all of, and what our prices know. */
const PRICED_MODALITIES: ReadonlySet<string> = new Set(['TEXT', 'IMAGE']);

/** Reads a body, in either casing, as far as all requests of this protocol are alike. */
export function parseGenerateContent(json: Json): Understood<GenerateContentRequest> {
  const elsewhere = belongsElsewhere(json, 'gemini');
  if (elsewhere !== null) return refuseField(null, elsewhere);
  const cased = inCamelCase(json);
  if ('refusal' in cased) return cased;
  const parsed = parseBody(GenerateContentBody, cased.understood);
  if ('refusal' in parsed) return parsed;
  const request = parsed.understood;
  if (request.cachedContent != null) {
    return refuseField(
      'cachedContent',
      "cachedContent names what is kept in the deployment's account at Google. Send the content itself: Google caches by itself what repeats.",
    );
  }
  if (request.continuationToken != null) {
    return refuseField('continuationToken', 'continuationToken stands for input whose size is not known here.');
  }
  for (const { fileData } of mediaParts(request)) {
    if (isKeptAtGoogle(fileData?.fileUri)) return refuseField('fileData.fileUri', keptAtGoogle('fileData.fileUri'));
  }
  return { understood: request };
}

export function askGemini(json: Json, path: { model: string; streamed: boolean } | null): Understood<Asked> {
  if (!path) throw new TypeError('in this protocol the URL names the model');
  const { model, streamed } = path;
  if (model === '' || model.length > LIMITS.modelLengthMax) {
    return refuseField('model', `The name of a model has 1 to ${LIMITS.modelLengthMax} characters.`);
  }
  const parsed = parseGenerateContent(json);
  if ('refusal' in parsed) return parsed;
  const request = parsed.understood;
  const { contents, generationConfig, tools, demo } = request;
  const cap = generationConfig?.maxOutputTokens ?? null;
  const declared = (tools ?? []).reduce((sum, tool) => sum + (tool.functionDeclarations?.length ?? 0), 0);
  const providerTools = tools ? providerToolsOf(tools) : null;
  const unpriced = unpricedField(request);
  const understood: Asked = {
    json,
    model,
    streamed,
    wantsUsage: true,
    choices: generationConfig?.candidateCount ?? 1,
    cap: cap === null ? null : { tokens: cap, field: 'generationConfig.maxOutputTokens' },
    items: contents.length + declared,
    media: mediaParts(request).flatMap(mediaOf),
    messageTexts: () => messageTexts(request),
    mayShrink: request.contents.some(({ parts }) => parts?.some(({ thought }) => thought)),
    toolsText: () => (tools ? JSON.stringify(tools) : ''),
    lastUserText: () => lastUserText(request),
    reasoning: reasoningOf(generationConfig?.thinkingConfig),
    hidesOutput: (generationConfig?.responseModalities ?? []).some((modality) => modality.toUpperCase() !== 'TEXT'),
    unpriced: unpriced?.field ?? null,
    ...(unpriced?.because !== undefined && { unpricedBecause: unpriced.because }),
    ...(providerTools && { providerTools }),
    demo: demo ?? null,
  };
  return { understood };
}

/** A budget of nothing turns it off where that is possible; a level never does. */
function reasoningOf(config: unknown): Asked['reasoning'] {
  if (config == null) return null;
  const { thinkingBudget, thinkingLevel } = fieldsOf(config);
  return thinkingBudget === 0 && thinkingLevel == null ? 'off' : 'on';
}

/** Whether a URI can be read with the deployment's own rights only: what it holds may be another's. */
export function isKeptAtGoogle(uri: string | null | undefined): boolean {
  const url = uri == null ? null : URL.parse(uri.trim(), 'https://files.invalid');
  if (url === null) return uri != null;
  // What is no whole URL is the name of a file: files/abc.
  return !/^https?:$/.test(url.protocol) || /(^|\.)(googleapis\.com|invalid)\.?$/.test(url.hostname);
}

export function keptAtGoogle(field: string): string {
  return `${field} names a file in the deployment's account at Google. Send the file itself, or a public URL.`;
}

/** A field that is billed apart, or a tool of Google's own that nothing bounds. */
function unpricedField({
  tools,
  serviceTier,
  generationConfig,
}: GenerateContentRequest): { field: string; because?: string | undefined } | null {
  const tool = unboundedTool(tools ?? []);
  if (tool) return tool;
  if (!isPricedTier(serviceTier)) return { field: 'serviceTier' };
  const modalities = generationConfig?.responseModalities ?? [];
  return modalities.every((modality) => PRICED_MODALITIES.has(modality.toUpperCase()))
    ? null
    : { field: 'generationConfig.responseModalities' };
}

type MediaPart = Pick<PartRequest, 'inlineData' | 'fileData' | 'mediaResolution'>;

/** Every part that may carry a medium, those of function results included. */
function mediaParts({ contents, systemInstruction }: GenerateContentRequest): MediaPart[] {
  const instruction = typeof systemInstruction === 'object' && systemInstruction !== null ? [systemInstruction] : [];
  return [...instruction, ...contents]
    .flatMap(({ parts }) => parts ?? [])
    .flatMap((part): MediaPart[] => [part, ...((part.functionResponse?.parts ?? []) as MediaPart[])]);
}

/** What a part may hold beside a medium that is named below. */
const NO_MEDIA: ReadonlySet<string> = new Set([
  'text',
  'thought',
  'thoughtSignature',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'partMetadata',
  'videoMetadata',
  'mediaResolution',
  'inlineData',
  'fileData',
]);

function mediaOf(part: MediaPart): Media[] {
  const { inlineData, fileData, mediaResolution } = part;
  const isUnknown = Object.entries(part).some(([field, value]) => value != null && !NO_MEDIA.has(field));
  const medium = inlineData ?? fileData;
  if (!medium) return isUnknown ? [UNKNOWN_MEDIUM] : [];
  const embeddedBytes = inlineData?.data?.length ?? 0;
  // Who asks for a number of tokens gets them: nothing else bounds the medium any more.
  const isBounded = mediaResolution?.numTokens === undefined && !isUnknown;
  return [{ kind: isBounded ? mediaKind(medium.mimeType) : 'file', embeddedBytes }];
}

export function mediaKind(mimeType: string | null | undefined): Media['kind'] {
  const [kind] = (mimeType ?? '').toLowerCase().split('/');
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'file';
}

function messageTexts({ contents, systemInstruction }: GenerateContentRequest): string[] {
  const said = contents.map(textOf);
  if (systemInstruction == null) return said;
  return [typeof systemInstruction === 'string' ? systemInstruction : textOf(systemInstruction), ...said];
}

function textOf({ parts }: z.infer<typeof Content>): string {
  return (parts ?? [])
    .map(partText)
    .filter((text) => text !== '')
    .join(' ');
}

function partText({ text, functionCall, functionResponse }: PartRequest): string {
  if (text != null) return text;
  if (functionCall) return `${functionCall.name} ${JSON.stringify(functionCall.args ?? {})}`;
  return functionResponse ? `${functionResponse.name} ${JSON.stringify(functionResponse.response ?? {})}` : '';
}

function lastUserText({ contents }: GenerateContentRequest): string {
  const last = contents.findLast(({ role, parts }) => role !== 'model' && parts?.some(({ text }) => text != null));
  return (last?.parts ?? []).map(({ text }) => text ?? '').join(' ');
}
