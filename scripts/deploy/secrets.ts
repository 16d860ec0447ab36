/**
 * The secrets that a deployment cannot be without. Those that are missing are taken from the environment, for whoever keeps them
 * elsewhere too, or else made at random and told to nobody: the platform keeps them, and shows them to the Worker alone. One that is
 * there is never read, and never written again.
 */
import { randomBytes } from 'node:crypto';

export const MADE_SECRETS = [
  {
    name: 'KEY_SECRET',
    /** What has rows where a lost secret would be missed. */
    table: 'api_keys',
    without: 'every API key and every session ends',
  },
  {
    name: 'PROVIDER_KEY_SECRET',
    table: 'provider_keys',
    without: "the organizations' own provider keys cannot be opened any more",
  },
] as const;

export type MadeSecret = (typeof MADE_SECRETS)[number];

const BYTES = 32;
/** As the Worker takes them (src/provider-keys). */
const LENGTH_MIN = 32;

/** What is put for the missing ones, by name. */
export function valuesFor(missing: readonly MadeSecret[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    missing.map(({ name }) => [
      name,
      env[name] ? fromEnvironment(name, env[name]) : randomBytes(BYTES).toString('base64url'),
    ]),
  );
}

function fromEnvironment(name: string, value: string): string {
  if (value.length >= LENGTH_MIN) return value;
  throw new Error(`${name} in the environment is too short: ${LENGTH_MIN} random characters or more.`);
}
