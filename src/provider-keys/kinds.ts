/**
 * The providers that an organization may have keys of, and what each needs beside the key. Pure.
 *
 * Everything that ends up in the host of a URL (a region, say) is one word of a host: a setting must not lead elsewhere.
 */

interface Kind {
  baseUrl: 'none' | 'optional' | 'required';
  /** By name: required ones are true. */
  settings: Readonly<Record<string, boolean>>;
  /** Its key is a JSON document, and not what fits into a header. */
  keyIsJson?: true;
}

const PLAIN: Kind = { baseUrl: 'optional', settings: {} };

const KINDS = {
  openai: PLAIN,
  anthropic: PLAIN,
  google: PLAIN,
  mistral: PLAIN,
  cerebras: PLAIN,
  groq: PLAIN,
  openrouter: PLAIN,
  /** The base URL is the resource's own. */
  azure: { baseUrl: 'required', settings: { apiVersion: false } },
  /** The key is that of a service account, as Google Cloud gives it. */
  vertex: { baseUrl: 'none', settings: { project: true, region: false }, keyIsJson: true },
  /** The key is the secret access key. */
  bedrock: { baseUrl: 'none', settings: { accessKeyId: true, region: true } },
  /** One of the organization's own that speaks OpenAI's protocol. */
  custom: { baseUrl: 'required', settings: {} },
} as const satisfies Record<string, Kind>;

export type ProviderKeyKind = keyof typeof KINDS;

export const PROVIDER_KEY_KINDS = Object.keys(KINDS) as [ProviderKeyKind, ...ProviderKeyKind[]];

/** No custom provider may be called so: it would hide one of ours. */
const TAKEN: ReadonlySet<string> = new Set([...PROVIDER_KEY_KINDS, 'demo', 'purser']);

interface Given {
  provider: ProviderKeyKind;
  slug: string | null;
  baseUrl: string | null;
  settings: Readonly<Record<string, string>>;
  models: readonly { name: string }[] | null;
}

interface Problem {
  param: string;
  message: string;
}

/** What is wrong with what was given for a provider, or null. Whether the base URL may be called is ssrf.ts's to say. */
export function problemOf({ provider, slug, baseUrl, settings, models }: Given): Problem | null {
  const kind: Kind = KINDS[provider];
  if (kind.baseUrl === 'required' && baseUrl === null) return wrong('baseUrl', `${provider} needs a baseUrl.`);
  if (kind.baseUrl === 'none' && baseUrl !== null) return wrong('baseUrl', `${provider} takes no baseUrl.`);
  for (const [name, isRequired] of Object.entries(kind.settings)) {
    if (isRequired && settings[name] === undefined) return wrong('settings', `${provider} needs the setting ${name}.`);
  }
  for (const name of Object.keys(settings)) {
    if (!Object.hasOwn(kind.settings, name)) return wrong('settings', `${provider} has no such setting: ${name}.`);
  }
  if (provider !== 'custom') {
    if (slug !== null) return wrong('slug', 'Only a custom provider has a slug.');
    return models === null ? null : wrong('models', 'Only a custom provider has models of its own.');
  }
  if (slug === null) return wrong('slug', 'A custom provider needs a slug: its models are asked for as <slug>/<name>.');
  if (TAKEN.has(slug)) return wrong('slug', `${slug} is what another provider is called.`);
  if (!models || models.length === 0) return wrong('models', 'A custom provider needs models.');
  const names = models.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  return twice === undefined ? null : wrong('models', `The model ${twice} is there twice.`);
}

/** What is wrong with the key itself, or null; told without repeating any of it. */
export function problemOfKey(provider: ProviderKeyKind, key: string): Problem | null {
  if ('keyIsJson' in KINDS[provider]) {
    if (isServiceAccount(key)) return null;
    return wrong('key', `The key of ${provider} is the JSON of a service account, with client_email and private_key.`);
  }
  return /^[\x21-\x7e]+$/.test(key) ? null : wrong('key', 'key must be one line without spaces.');
}

function isServiceAccount(text: string): boolean {
  try {
    const account: unknown = JSON.parse(text);
    if (typeof account !== 'object' || account === null) return false;
    const { client_email, private_key } = account as Record<string, unknown>;
    return typeof client_email === 'string' && typeof private_key === 'string';
  } catch {
    return false;
  }
}

function wrong(param: string, message: string): Problem {
  return { param, message };
}
