/**
 * A provider of an organization's own that speaks OpenAI's chat protocol, at the base URL of its provider key. The deployment has
 * none.
 */
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';

export const custom: Provider = { ...openai, id: 'custom', credentialOf: () => null, speaks: () => ['chat'] };
