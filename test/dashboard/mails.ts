/** What a started Purser mailed: its outbox, as files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/purser.ts';

/** The token of the link that was mailed to this address, once it is there. */
export async function mailedToken(dataDir: string, email: string): Promise<string> {
  const outbox = join(dataDir, 'outbox');
  let token: string | undefined;
  await until(() => {
    // The first mail makes it.
    const names = existsSync(outbox) ? readdirSync(outbox) : [];
    const mails = names.map((name) => readFileSync(join(outbox, name), 'utf8').replaceAll('=\r\n', ''));
    token = /#token=(?:3D)?([\w-]+)/.exec(mails.find((mail) => mail.includes(email)) ?? '')?.[1];
    return token !== undefined;
  }, `the mail to ${email}`);
  return token ?? '';
}
