/** Whether a key is served, in one word: what is disabled, past its end or used up is not. */
import { Badge } from '@cloudflare/kumo/components/badge';
import type { ApiKey } from '../../../../client/index.ts';
import { shareOf } from '../../parts/amounts.ts';
import { keyLimits } from '../../parts/limits.ts';

export function KeyStatus({ apiKey }: { apiKey: ApiKey }) {
  if (apiKey.status === 'disabled') return <Badge variant="outline">Disabled</Badge>;
  if (apiKey.expiresAt && Date.parse(apiKey.expiresAt) <= Date.now()) return <Badge variant="outline">Expired</Badge>;
  if (keyLimits(apiKey).some(({ spent, limit }) => shareOf(spent, limit) >= 1))
    return <Badge variant="warning">Used up</Badge>;
  return <Badge variant="success">Active</Badge>;
}
