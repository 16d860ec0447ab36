/**
 * How this thread loads Purser's modules: as they are, but for `cloudflare:workers`, which is the platform, and, where a bug
 * is planted, the lines that it changes. Must be called before any of them is imported.
 */
import { registerHooks } from 'node:module';
import { type Plant, planted } from './plants.ts';

const ROOT = new URL('..', import.meta.url).href;

export function hookModules(plant: Plant | null): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'cloudflare:workers'
        ? next('./cloudflare-workers.ts', { ...context, parentURL: import.meta.url })
        : next(specifier, context),
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!plant?.changes.some(({ file }) => url === ROOT + file)) return loaded;
      return { ...loaded, source: planted(plant, url.slice(ROOT.length), String(loaded.source)) };
    },
  });
}
