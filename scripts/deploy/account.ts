/** Who is logged in, and into which account a deployment goes: never into one that nobody chose. */
import type { Settings } from './settings.ts';
import { type Wrangler, WranglerFailed } from './wrangler.ts';

export interface Account {
  id: string;
  name: string;
}

const LOG_IN = `Nobody is logged in at Cloudflare. Either
  npx wrangler login                    opens a browser, or
  export CLOUDFLARE_API_TOKEN=...       a token of the template "Edit Cloudflare Workers", with D1: Edit added
and run this again. An account is free to begin with: https://dash.cloudflare.com/sign-up`;

/** Throws what to do where nobody is logged in, or the account is not clear, or not the one that was deployed to. */
export async function chooseAccount(wrangler: Wrangler, settings: Settings, env: NodeJS.ProcessEnv): Promise<Account> {
  const accounts = await accountsOf(wrangler);
  const fromEnv = env.CLOUDFLARE_ACCOUNT_ID;
  if (settings.account && fromEnv && settings.account !== fromEnv) {
    throw new Error(
      `CLOUDFLARE_ACCOUNT_ID is ${fromEnv}, but this deployment is in ${settings.account} (deployment.json). Unset the one, or name another file: --settings other.json.`,
    );
  }
  const wanted = settings.account ?? fromEnv;
  if (wanted !== undefined) {
    const known = accounts.find(({ id }) => id === wanted);
    if (known) return known;
    // A token for one account may not be allowed to list accounts at all.
    if (accounts.length === 0) return { id: wanted, name: 'not told to this token' };
    throw new Error(
      `This deployment is in the account ${wanted}, which this login does not have:\n${list(accounts)}\nLog in as somebody who has it: npx wrangler login.`,
    );
  }
  const [only, ...others] = accounts;
  if (!only) throw new Error('This token lists no account. Say which: export CLOUDFLARE_ACCOUNT_ID=...');
  if (others.length === 0) return only;
  throw new Error(`This login has several accounts:\n${list(accounts)}\nSay which: export CLOUDFLARE_ACCOUNT_ID=...`);
}

async function accountsOf(wrangler: Wrangler): Promise<Account[]> {
  try {
    const { text } = await wrangler.run(['whoami', '--json']);
    return (JSON.parse(text) as { accounts: Account[] }).accounts;
  } catch (error) {
    if (error instanceof WranglerFailed && /"loggedIn":\s*false/.test(error.said)) throw new Error(LOG_IN);
    throw error;
  }
}

function list(accounts: readonly Account[]): string {
  return accounts.map(({ id, name }) => `  ${id}  ${name}`).join('\n');
}
