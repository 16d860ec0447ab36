/** A model at some provider, as whoever writes a request for it is told. */
import type { Sent } from '../../../src/gateway/protocol.ts';
import { CATALOGUE_MAPPINGS, type ProviderId } from '../../../src/models/catalogue.ts';

/** `reasons`: whether it is able to, so that its cap has another name at OpenAI. */
export function sentTo(
  provider: string,
  { cap = null, streams = false, reasons = false }: { cap?: number | null; streams?: boolean; reasons?: boolean } = {},
): Sent {
  const [some] = CATALOGUE_MAPPINGS;
  if (!some) throw new Error('the catalogue is empty');
  return {
    mapping: {
      ...some,
      provider: provider as ProviderId,
      upstreamModel: 'upstream-model',
      abilities: { ...some.abilities, reasoning: reasons },
    },
    streams,
    cap,
  };
}
