/** A first driver. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers' ? next('./cloudflare-workers.ts', { ...context, parentURL: import.meta.url }) : next(specifier, context),
});
const { runEpisode } = await import('./episode.ts');
const { replaceGlobals } = await import('./simulation.ts');
const now = performance.now.bind(performance);
const log = console.log;
let complaint: string | null = null;
replaceGlobals((line) => {
  if (!/simulated|no answer from/.test(line)) complaint ??= line;
});
const [seed = '1', episodes = '100', only] = process.argv.slice(2);
const start = now();
let steps = 0;
const sums: Record<string, number> = {};
for (let i = only ? Number(only) : 0; i < Number(episodes); i++) {
  const { steps: n, violation, counts } = await runEpisode(`${seed} ${i}`, only ? log : null);
  steps += n;
  for (const [k, v] of Object.entries(counts)) sums[k] = (sums[k] ?? 0) + v;
  if (violation || complaint) {
    log('episode', i, violation, complaint);
    break;
  }
  if (only) break;
}
const s = (now() - start) / 1000;
log(steps, 'steps', s.toFixed(1), 's', Math.round(steps / s), 'steps/s', sums);
