/**
 * GET /metrics, for Prometheus, behind a token of its own: who scrapes may read sums and nothing else. Without METRICS_TOKEN
 * there is no such route. What was read is told again for some seconds, so that a scraper in a loop costs D1 nothing more.
 */
import { apiRouter } from '../api.ts';
import { LIMITS } from '../limits.ts';
import { bearerOpens } from './guard.ts';
import { readMetrics } from './metrics.ts';
import { PROMETHEUS_TYPE, prometheusText } from './prometheus.ts';

/** `builtIn`: the providers of this build, by id. */
export function metricsRouter(builtIn: ReadonlySet<string>) {
  let told: { text: string; atMs: number } | null = null;
  return apiRouter().get('/metrics', async (c) => {
    if (!bearerOpens(c.env.METRICS_TOKEN, c.req.raw, 'This takes the token of METRICS_TOKEN.')) return c.notFound();
    const nowMs = Date.now();
    if (!told || nowMs - told.atMs >= LIMITS.metricsFreshMs || nowMs < told.atMs) {
      told = { text: prometheusText(await readMetrics(c.env, builtIn, nowMs)), atMs: nowMs };
    }
    return c.body(told.text, 200, { 'content-type': PROMETHEUS_TYPE });
  });
}
