/**
 * OpenAI. Models that only /v1/responses serves (the pro and codex ones) are not among them: a row must work with every
 * protocol that Purser translates.
 */
import { ends, PLAIN, REASONING, type Row, row, sizes, surface } from '../row.ts';

const GPT_1M = sizes(1_050_000, 128_000);
const GPT_400K = sizes(400_000, 128_000);
const O_SERIES = sizes(200_000, 100_000);
const GPT_4_1 = sizes(1_047_576, 32_768);
const GPT_4O = sizes(128_000, 16_384);

/** By `reasoning_effort: none`, where a model has that; the others refuse it (developers.openai.com/api/docs/guides/reasoning). */
const thinks = { abilities: REASONING, reasons: 'unless_off' } as const;
const plain = { abilities: PLAIN };

const GPT_5_ENDS = ends('2026-12-11', '2026-06-11');
const GPT_4_ENDS = ends('2027-01-14', '2026-10-14');
const APRIL_2026 = ends('2026-10-23', '2026-04-22');
const SORA_ENDS = ends('2026-09-24', '2026-03-24');

const IMAGES = ['images/generations', 'images/edits'] as const;

export const OPENAI: readonly Row[] = [
  row('openai', 'gpt-6-astra', GPT_1M, thinks),
  row('openai', 'gpt-6-sol', GPT_1M, thinks),
  row('openai', 'gpt-6-luna', GPT_1M, thinks),
  row('openai', 'gpt-5.6-sol', GPT_1M, thinks),
  row('openai', 'gpt-5.6-terra', GPT_1M, thinks),
  row('openai', 'gpt-5.6-luna', GPT_1M, thinks),
  row('openai', 'gpt-5.5', GPT_1M, thinks),
  row('openai', 'gpt-5.4', GPT_1M, thinks),
  row('openai', 'gpt-5.4-mini', GPT_400K, thinks),
  row('openai', 'gpt-5.4-nano', GPT_400K, { ...thinks, ...ends('2027-04-01') }),
  row('openai', 'gpt-5.2', GPT_400K, thinks),
  row('openai', 'gpt-5.1', GPT_400K, { ...thinks, ...ends('2027-04-01') }),
  row('openai', 'gpt-5', GPT_400K, { ...thinks, ...GPT_5_ENDS }),
  row('openai', 'gpt-5-mini', GPT_400K, { ...thinks, ...GPT_5_ENDS }),
  row('openai', 'gpt-5-nano', GPT_400K, { ...thinks, ...GPT_5_ENDS }),
  row('openai', 'o3', O_SERIES, { ...thinks, ...GPT_5_ENDS }),
  row('openai', 'o4-mini', O_SERIES, { ...thinks, ...APRIL_2026 }),
  row('openai', 'gpt-4.1', GPT_4_1, { ...plain, ...GPT_4_ENDS }),
  row('openai', 'gpt-4.1-mini', GPT_4_1, { ...plain, ...GPT_4_ENDS }),
  row('openai', 'gpt-4.1-nano', GPT_4_1, { ...plain, ...APRIL_2026 }),
  row('openai', 'gpt-4o', GPT_4O, { ...plain, ...GPT_4_ENDS }),
  row('openai', 'gpt-4o-mini', GPT_4O, { ...plain, ...GPT_4_ENDS }),

  surface('openai', 'text-embedding-3-large', ['embeddings'], 8_192),
  surface('openai', 'text-embedding-3-small', ['embeddings'], 8_192),
  surface('openai', 'omni-moderation-latest', ['moderations'], 32_768),
  surface('openai', 'gpt-image-2', IMAGES, 65_536),
  surface('openai', 'gpt-image-1.5', IMAGES, 65_536, ends('2026-12-01', '2026-06-02')),
  surface('openai', 'gpt-image-1', IMAGES, 65_536, APRIL_2026),
  surface('openai', 'gpt-image-1-mini', IMAGES, 65_536, ends('2026-12-01', '2026-06-02')),
  surface('openai', 'gpt-4o-mini-tts', ['audio/speech'], 2_000, ends('2027-01-06')),
  surface('openai', 'tts-1', ['audio/speech'], 4_096, ends('2027-01-06')),
  surface('openai', 'tts-1-hd', ['audio/speech'], 4_096, ends('2027-01-06')),
  row('openai', 'gpt-4o-transcribe', sizes(16_000, 2_000), { serves: ['audio/transcriptions'], ...ends('2027-02-26') }),
  row('openai', 'gpt-4o-mini-transcribe', sizes(16_000, 2_000), {
    serves: ['audio/transcriptions'],
    ...ends('2027-02-26'),
  }),
  surface('openai', 'gpt-transcribe', ['audio/transcriptions'], 16_000),
  surface('openai', 'whisper-1', ['audio/transcriptions'], 16_000, ends('2027-02-26')),
  // OpenAI itself has ended them; what speaks its protocol at another address may go on with them.
  surface('openai', 'sora-2', ['videos'], 8_192, SORA_ENDS),
  surface('openai', 'sora-2-pro', ['videos'], 8_192, SORA_ENDS),
];

/** What a resource at Azure has deployments of: found where a deployment is called as its model is. Prices are OpenAI's (Global Standard). */
const AT_AZURE =
  /^(gpt-5\.[45]|gpt-5\.4-mini|gpt-5-mini|gpt-4\.1|gpt-4\.1-mini|gpt-4o|gpt-4o-mini|o4-mini|text-embedding-3-(large|small))$/;

export const AZURE: readonly Row[] = OPENAI.filter(({ model }) => AT_AZURE.test(model)).map((openai) => ({
  ...openai,
  provider: 'azure',
  // Azure ends a version of a model in its own time, each region's.
  deprecatedOn: null,
  retiresOn: null,
}));
