/** The providers of every build. A deployment serves those that it has credentials for. */
import { anthropic } from './anthropic.ts';
import { COMPATIBLE } from './compatible.ts';
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS: readonly Provider[] = [openai, anthropic, ...COMPATIBLE];
