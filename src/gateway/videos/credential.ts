/** How the provider of a video is called after it was begun. What is kept of that names a credential, and holds none. */
import type { ProviderId } from '../../models/catalogue.ts';
import type { Providers } from '../providers/provider.ts';
import type { Reached } from './upstream.ts';

/** Null where the provider, or the credential, is configured no more. */
export function credentialOf(env: Env, providers: Providers, { provider: id }: { provider: ProviderId }): Reached {
  const provider = providers.get(id);
  const credential = provider?.credentialOf(env);
  return provider && credential ? { provider, credential } : null;
}
