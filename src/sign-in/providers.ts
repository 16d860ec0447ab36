/** Which providers people can sign in with: those whose id and secret the operator has bound. */

interface Client {
  clientId: string;
  clientSecret: string;
}

export const PROVIDER_NAMES = ['google', 'github'] as const;

export type ProviderName = (typeof PROVIDER_NAMES)[number];

export function socialProviders(env: Env): Partial<Record<ProviderName, Client>> {
  const google = client(env.GOOGLE_CLIENT_ID, env.GOOGLE_CLIENT_SECRET);
  const github = client(env.GITHUB_CLIENT_ID, env.GITHUB_CLIENT_SECRET);
  return { ...(google && { google }), ...(github && { github }) };
}

function client(clientId: string | undefined, clientSecret: string | undefined): Client | null {
  return clientId && clientSecret ? { clientId, clientSecret } : null;
}
