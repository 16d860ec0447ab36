/** A model for a call that is shown to be copied. */
import { useQuery } from '@tanstack/react-query';
import { Purser } from '../../../client/index.ts';

/** Until it is known, and where there is none. */
const ANY_MODEL = 'gpt-5.5';

/** The first model that the key may use, so that what is copied works. */
export function useFirstModel(secret: string | undefined): string {
  const { data } = useQuery({
    queryKey: ['first model', secret],
    queryFn: async () => {
      const told = await new Purser({ baseUrl: location.origin, key: secret ?? '' }).call('GET /v1/models');
      if (!('object' in told)) return null;
      return told.data.find(({ serves }) => serves.includes('conversation'))?.id ?? null;
    },
    enabled: secret !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return data ?? ANY_MODEL;
}
