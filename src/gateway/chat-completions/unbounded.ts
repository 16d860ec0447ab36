/**
 * Fields of Chat Completions, by whichever provider's name, that no bound and no price covers: they make the provider search, or make
 * more than the cap and `n` say, or serve the request by another model than was chosen, priced and checked against the rules. Refused by
 * name; a field that is off passes, as does whatever else is not known.
 */
import { isObject } from '../reported.ts';

interface Unbounded {
  field: string;
  because?: string;
}

const ROUTES = 'chooses another model or provider, which the gateway does: name one model.';
const MAKES_MORE = 'makes more output than is held for: use n, and max_completion_tokens or max_tokens.';

const SEARCHES = [
  'web_search_options',
  'plugins',
  'data_sources',
  'search_parameters',
  'search_settings',
  'search_options',
  'enable_search',
  'enable_code_interpreter',
  'compound_custom',
] as const;

/** `preset` may stand for anything; `extra_body` is merged into the request by LiteLLM, past all that is read here. */
const CHOOSES = ['models', 'route', 'fallbacks', 'preset', 'extra_body'] as const;

const CAPS = [
  'max_new_tokens',
  'min_tokens',
  'min_new_tokens',
  'max_output_tokens',
  'max_tokens_to_sample',
  'max_completion_length',
  'n_predict',
  'num_predict',
] as const;

const COPIES = ['best_of', 'num_return_sequences', 'num_beams', 'num_completions', 'candidate_count'] as const;

/** Of OpenRouter's `provider`: what chooses by properties, within the price that it is told (compatible.ts). */
const PREFERENCES: ReadonlySet<string> = new Set([
  'allow_fallbacks',
  'require_parameters',
  'data_collection',
  'zdr',
  'enforce_distillable_text',
  'quantizations',
  'ignore',
  'sort',
  'max_price',
  'preferred_min_throughput',
  'preferred_max_latency',
]);

export function unboundedField(request: Readonly<Record<string, unknown>>): Unbounded | null {
  const isOn = (field: string) => request[field] != null && request[field] !== false;
  const searches = SEARCHES.find(isOn);
  if (searches) return { field: searches };
  const chooses = CHOOSES.find(isOn);
  if (chooses) return { field: chooses, because: ROUTES };
  const provider = isObject(request.provider) ? Object.entries(request.provider) : [];
  const [named] = provider.find(([field, value]) => value != null && !PREFERENCES.has(field)) ?? [];
  if (named !== undefined) return { field: `provider.${named}`, because: ROUTES };
  const makesMore = CAPS.find(isOn) ?? COPIES.find((field) => isOn(field) && request[field] !== 1);
  return makesMore ? { field: makesMore, because: MAKES_MORE } : null;
}
