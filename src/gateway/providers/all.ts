/** The providers of every build. A deployment serves those that it has credentials for. */
import { anthropic } from './anthropic.ts';
import { bedrock } from './bedrock.ts';
import { COMPATIBLE } from './compatible.ts';
import { custom } from './custom.ts';
import { google } from './google.ts';
import { openai } from './openai.ts';
import type { Provider } from './provider.ts';
import { vertex } from './vertex.ts';

export const PROVIDERS: readonly Provider[] = [openai, anthropic, google, vertex, bedrock, ...COMPATIBLE, custom];
