/** Workers without Purser, to compare with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { URL } from 'node:url';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { unstable_readConfig } from 'wrangler';
import { ROOT } from '../scripts/server.ts';

/** A Worker of one of the files here as scripts/server.ts runs Purser: same workerd, same compatibility, one direct socket. */
export async function startPlainWorker(
  name: 'bare-worker.js' | 'pass-worker.js' | 'pump-worker.js',
  upstreamUrl: string,
): Promise<Miniflare> {
  const { compatibility_date, compatibility_flags } = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') });
  const file = new URL(name, import.meta.url);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      logRequests: false,
      workers: [
        {
          name: 'bare',
          compatibilityDate: compatibility_date ?? '',
          compatibilityFlags: compatibility_flags,
          modules: [{ type: 'ESModule', path: name, contents: readFileSync(file, 'utf8') }],
          bindings: { UPSTREAM_URL: `${upstreamUrl}/chat/completions` },
          serviceBindings: { EGRESS: { network: { allow: ['public', 'private'] } } },
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        },
      ],
    }),
  );
  await miniflare.ready;
  return miniflare;
}
