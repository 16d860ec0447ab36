/** A first driver. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers'
      ? next('./cloudflare-workers.ts', { ...context, parentURL: import.meta.url })
      : next(specifier, context),
});
const { runEpisode } = await import('./episode.ts');
const { replaceGlobals } = await import('./simulation.ts');
const now = performance.now.bind(performance);
const log = console.log;
replaceGlobals();
const [seed = '1', from = '0', to = '100', max = '10', trace] = process.argv.slice(2);
const start = now();
let steps = 0,
  bad = 0,
  quiet = 0;
const sums: Record<string, number> = {};
for (let i = Number(from); i < Number(to); i++) {
  const r = await runEpisode(`${seed} ${i}`, trace ? log : null);
  steps += r.steps;
  quiet += r.steps - 500;
  for (const [k, v] of r.counts) sums[k] = (sums[k] ?? 0) + (v as number);
  if (r.violation) {
    bad++;
    if (bad <= Number(max))
      log('episode', i, r.steps, r.violation?.invariant, '|', String(r.violation?.what).slice(0, 400));
  }
}
const s = (now() - start) / 1000;
log(steps, 'steps', bad, 'bad', s.toFixed(1), 's', Math.round(steps / s), 'steps/s', 'quiet', quiet, sums);
