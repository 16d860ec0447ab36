/**
 * How the provider of a video is called after it was begun: with what it was begun with, the deployment's credential or a key of
 * the organization's own. What is kept of a video names that key, and holds none; where it is sealed is D1.
 */
import type { AttemptAbout } from '../../budgets/usage-event.ts';
import type { ProviderId } from '../../models/catalogue.ts';
import { type ProviderKeyRow, settingsOf } from '../../provider-keys/provider-keys.ts';
import { providerKeySeal } from '../../provider-keys/seal.ts';
import type { Credential, Providers } from '../providers/provider.ts';
import { openCredential } from '../routing/known-routing.ts';
import type { Reached } from './upstream.ts';

/** Null where the provider, or the credential, is there no more, or D1 does not say. */
export async function reachOf(
  env: Env,
  providers: Providers,
  { provider: id, about }: { provider: ProviderId; about: AttemptAbout },
): Promise<Reached> {
  const provider = providers.get(id);
  if (!provider) return null;
  const { providerKeyId } = about;
  const credential = providerKeyId === undefined ? provider.credentialOf(env) : await ownKey(env, providerKeyId);
  return credential && { provider, credential };
}

async function ownKey(env: Env, providerKeyId: string): Promise<Credential | null> {
  try {
    const row = await env.DB.prepare('SELECT * FROM provider_keys WHERE id = ? AND deleted_at IS NULL')
      .bind(providerKeyId)
      .first<ProviderKeyRow>();
    if (!row) return null;
    const { id, organization_id: organizationId, sealed, base_url: baseUrl } = row;
    return openCredential(env, await providerKeySeal(env), organizationId, {
      id,
      sealed,
      baseUrl,
      settings: settingsOf(row),
    });
  } catch (error) {
    console.warn(JSON.stringify({ event: 'provider_key_unread', providerKeyId, error: String(error) }));
    return null;
  }
}
