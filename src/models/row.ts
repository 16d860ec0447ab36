/**
 * One line of the built-in catalogue: a model at one provider, kept by hand. Prices are not written here: they are generated
 * for the rows there are (scripts/generate-prices.ts), so a new row needs `npm run generate:prices`.
 *
 * Sizes are those of each provider's own model pages (platform.openai.com/docs/models, platform.claude.com/docs,
 * ai.google.dev/gemini-api/docs/models, docs.aws.amazon.com/bedrock, docs.mistral.ai, inference-docs.cerebras.ai,
 * console.groq.com/docs/models, openrouter.ai/models); context windows agree with @pydantic/genai-prices where it has them.
 * Where a page is silent the size of the family stands: a provider refuses what is too large itself.
 */

export type ProviderId =
  | 'openai'
  | 'anthropic'
  | 'google'
  | 'vertex'
  | 'bedrock'
  | 'azure'
  | 'cerebras'
  | 'groq'
  | 'openrouter'
  | 'mistral'
  /** Whatever an organization's own provider key leads to. */
  | 'custom'
  | 'demo';

/** What a model can be asked for; the name of a surface is its endpoint, as in rules and usage events. */
export type Service =
  | 'conversation'
  | 'embeddings'
  | 'moderations'
  | 'rerank'
  | 'images/generations'
  | 'images/edits'
  | 'audio/speech'
  | 'audio/transcriptions'
  | 'ocr'
  | 'videos';

export interface Abilities {
  tools: boolean;
  /** Takes images as input. */
  images: boolean;
  /** Can be held to a JSON schema. */
  jsonSchema: boolean;
  reasoning: boolean;
}

export interface Sizes {
  /** Input and output together. */
  contextTokens: number;
  /** Reasoning included; 0 where no text is made. */
  maxOutputTokens: number;
}

export type Thinking = 'adaptive' | 'budget';

/**
 * When a model reasons, which is billed as output and which no stream shows whole: never; only where a request asks for it; unless
 * a request turns it off (what cannot be turned off is refused by its provider, and costs nothing); or whatever a request says.
 */
export type Reasons = 'never' | 'asked' | 'unless_off' | 'always';

export interface Row extends Sizes {
  provider: ProviderId;
  /** What the provider calls it. */
  model: string;
  /** What it is called whoever serves it. */
  canonicalModel: string;
  /** What the price package calls it. */
  priced: string;
  abilities: Abilities;
  reasons: Reasons;
  serves: readonly Service[];
  /** Where it is served, whatever region the credential is of: `global` is anywhere. Null: in that of the credential, if it has one. */
  region: string | null;
  /** How it is told how much to think, where it takes only one of the two: `adaptive` by a word, `budget` by a number of tokens. */
  thinking?: Thinking;
  /** Days (UTC): from when its provider advises against it, and when it ends it; null where nothing was announced. */
  deprecatedOn: string | null;
  retiresOn: string | null;
}

/** The pinned name: `openai/gpt-5.5`. */
export function mappingId({ provider, model }: Pick<Row, 'provider' | 'model'>): string {
  return `${provider}/${model}`;
}

export const PLAIN: Abilities = { tools: true, images: true, jsonSchema: true, reasoning: false };
export const TEXT: Abilities = { ...PLAIN, images: false };
export const REASONING: Abilities = { ...PLAIN, reasoning: true };
export const TEXT_REASONING: Abilities = { ...TEXT, reasoning: true };
const NONE: Abilities = { tools: false, images: false, jsonSchema: false, reasoning: false };

export function sizes(contextTokens: number, maxOutputTokens: number): Sizes {
  return { contextTokens, maxOutputTokens };
}

/**
 * What its provider has announced of a model's end: the day of the notice, where that is known, and that of the end. From
 * developers.openai.com/api/docs/deprecations, ai.google.dev/gemini-api/docs/deprecations; others have told nothing of the rows here, or
 * only the earliest day that it could be.
 */
export function ends(retiresOn: string, deprecatedOn: string | null = null): Pick<Row, 'deprecatedOn' | 'retiresOn'> {
  return { deprecatedOn, retiresOn };
}

type Rest = Partial<Omit<Row, 'provider' | 'model'>>;

/** A model of conversations; what differs from the common is `rest`. */
export function row(provider: ProviderId, model: string, { contextTokens, maxOutputTokens }: Sizes, rest: Rest): Row {
  return {
    provider,
    model,
    contextTokens,
    maxOutputTokens,
    canonicalModel: model,
    priced: model,
    abilities: PLAIN,
    reasons: rest.abilities?.reasoning ? 'always' : 'never',
    serves: ['conversation'],
    region: null,
    deprecatedOn: null,
    retiresOn: null,
    ...rest,
  };
}

/** A model of one surface or two, which makes no text that is billed by the token. */
export function surface(
  provider: ProviderId,
  model: string,
  serves: readonly Service[],
  contextTokens: number,
  rest: Rest = {},
): Row {
  return row(provider, model, sizes(contextTokens, 0), { abilities: NONE, serves, ...rest });
}
