/**
 * `npm run bench -- documents`: an invoice as a PDF, inside workerd, and what its code costs a Worker that renders none.
 * Times are a caller's, over loopback: no clock inside a Worker moves while it computes.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { unstable_readConfig } from 'wrangler';
import { buildWorker, ROOT } from '../scripts/server.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { describeMachine, machineText } from './machine.ts';
import { table } from './table.ts';

/** Promised for an invoice of one page. */
const INVOICE_P95_MS_MAX = 60;
const RENDERS_MIN = 100;
const STARTS = 25;

/** How the PDF code is in the Worker, and its main file. */
const BUILDS = {
  none: { entry: 'src/worker.ts', name: 'without documents' },
  lazy: { entry: 'bench/documents-worker.ts', name: 'with them, as it is' },
  eager: { entry: 'bench/documents-eager-worker.ts', name: 'with them, loaded at once' },
} as const;
type Build = keyof typeof BUILDS;
const BUILD_NAMES = Object.keys(BUILDS) as Build[];

const DOCUMENTS = { invoice: 1, 'credit-note': 1, scripts: 1, '80-lines': 4 } as const;

export async function documents({ seconds, say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  const dataDir = join(ROOT, '.purser', 'bench-documents');
  const scripts = {} as Record<Build, string>;
  for (const build of BUILD_NAMES) {
    say(`Building: ${BUILDS[build].name} ...`);
    scripts[build] = await buildWorker(BUILDS[build].entry, dataDir);
  }
  rmSync(dataDir, { recursive: true });
  const miniflare = await startLoader(scripts);
  const broken: string[] = [];
  try {
    const url = await miniflare.ready;
    const timed = async (build: Build, load: string, path: string) => {
      signal.throwIfAborted();
      const start = performance.now();
      const response = await fetch(new URL(`${path}?build=${build}&load=${load}`, url));
      const bytes = new Uint8Array(await response.arrayBuffer());
      return { ms: performance.now() - start, bytes };
    };

    say('Starting each into new isolates ...');
    const starts: Record<Build, number[]> = { none: [], lazy: [], eager: [] };
    // In turn, so that what disturbs the machine disturbs all of them. The first of each only warms up.
    for (let i = 0; i <= STARTS; i++)
      for (const build of BUILD_NAMES) {
        const { ms } = await timed(build, `start-${i}`, '/nowhere');
        if (i > 0) starts[build].push(ms);
      }

    const renders = [];
    for (const [which, pages] of Object.entries(DOCUMENTS)) {
      say(`Rendering: ${which} ...`);
      const path = `/bench/document/${which}`;
      await timed('lazy', `render-${which}`, '/nowhere');
      const first = await timed('lazy', `render-${which}`, path);
      if (new TextDecoder().decode(first.bytes.subarray(0, 5)) !== '%PDF-') broken.push(`${which}: no PDF`);
      const all: number[] = [];
      const endMs = performance.now() + seconds * 1_000;
      while (all.length < RENDERS_MIN || performance.now() < endMs) {
        const { ms, bytes } = await timed('lazy', `render-${which}`, path);
        if (Buffer.compare(bytes, first.bytes) !== 0) broken.push(`${which}: not the same bytes`);
        all.push(ms);
      }
      renders.push({
        which,
        pages,
        firstMs: first.ms,
        p50Ms: quantile(all, 0.5),
        p95Ms: quantile(all, 0.95),
        bytes: first.bytes.length,
      });
    }

    const builds = BUILD_NAMES.map((build) => ({
      build,
      kb: Buffer.byteLength(scripts[build]) / 1024,
      gzipKb: gzipSync(scripts[build]).length / 1024,
      p50Ms: quantile(starts[build], 0.5),
      fastestMs: Math.min(...starts[build]),
    }));
    const lines = [
      ['The Worker', 'KB', 'KB gzip', 'start, fastest ms', 'p50 ms'],
      ...builds.map(({ build, kb, gzipKb, p50Ms, fastestMs }) => [
        `  ${BUILDS[build].name}`,
        kb.toFixed(0),
        gzipKb.toFixed(0),
        fastestMs.toFixed(1),
        p50Ms.toFixed(1),
      ]),
    ];
    const rendered = [
      ['A document', 'pages', 'KB', 'first ms', 'p50 ms', 'p95 ms'],
      ...renders.map(({ which, pages, bytes, firstMs, p50Ms, p95Ms }) => [
        `  ${which}`,
        String(pages),
        (bytes / 1024).toFixed(0),
        firstMs.toFixed(1),
        p50Ms.toFixed(1),
        p95Ms.toFixed(1),
      ]),
    ];
    const missed = renders
      .filter(({ pages, p95Ms }) => pages === 1 && p95Ms > INVOICE_P95_MS_MAX)
      .map(({ which, p95Ms }) => `Missed: ${which}, p95 ${p95Ms.toFixed(1)} ms (promised: ${INVOICE_P95_MS_MAX}).`);
    const meaning = `A start is a new isolate's first answer, a 404: compiling, evaluating, answering. A document's first time is in an isolate
that has started but rendered nothing: it evaluates the PDF code and reads the fonts.`;
    return {
      text: [machineText(machine), table(lines), table(rendered), meaning, ...missed, ...broken].join('\n\n'),
      json: { bench: 'documents', machine, builds, renders },
      broken,
    };
  } finally {
    await miniflare.dispose();
  }
}

async function startLoader(scripts: Record<Build, string>): Promise<Miniflare> {
  const { compatibility_date, compatibility_flags } = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') });
  const contents = readFileSync(join(import.meta.dirname, 'loader-worker.js'), 'utf8');
  return new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      logRequests: false,
      workers: [
        {
          name: 'loader',
          compatibilityDate: compatibility_date ?? '',
          modules: [
            { type: 'ESModule', path: 'loader-worker.js', contents },
            ...BUILD_NAMES.map((build) => ({ type: 'Text' as const, path: `${build}.txt`, contents: scripts[build] })),
          ],
          bindings: { COMPATIBILITY_DATE: compatibility_date ?? '', COMPATIBILITY_FLAGS: compatibility_flags },
          workerLoaders: { LOADER: {} },
        },
      ],
    }),
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
