/**
 * Builds the dashboard into dist/web, unless it was built of the very same sources: `npm start` and the tests ask each time.
 * As a program: builds it, and prints what a browser loads first.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const ROOT = dirname(import.meta.dirname);

/** What is served: wrangler.toml names it too. */
export const WEB = join(ROOT, 'dist/web');

const STAMP = join(ROOT, 'dist/web.stamp');
const SOURCES = ['src/dashboard/**/*', 'client/*.ts', 'vite.config.ts', 'package-lock.json'];

/** Until it is built there is an empty folder: what is served from there is not there, but all else works. */
export function ensureWebFolder(): string {
  mkdirSync(WEB, { recursive: true });
  return WEB;
}

export async function buildDashboard(say: (line: string) => void): Promise<void> {
  const wanted = stampOfSources();
  if (existsSync(join(WEB, 'index.html')) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  say('Building the dashboard ...');
  // In a process of its own: React is another where the environment says that this is a test.
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const env = { ...process.env, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: ROOT, env });
  // Written last: a build that was interrupted is done again.
  writeFileSync(STAMP, wanted);
}

/** What the dashboard asks of the Worker. */
const API = '^/(v1|v1beta|auth|me|orgs|analytics|invitations|docs|openapi\\.json|health)([/?]|$)';

/** Serves the dashboard from its sources, which reload as they change, before a started Purser; answers with where. */
export async function serveSources(purserUrl: string): Promise<string> {
  const { createServer } = await import('vite');
  const proxied = {
    target: purserUrl,
    changeOrigin: true,
    // Changes are taken from Purser's own pages only.
    headers: { origin: purserUrl },
  };
  const server = await createServer({
    configFile: join(ROOT, 'vite.config.ts'),
    server: { host: '127.0.0.1', proxy: { [API]: proxied } },
  });
  await server.listen();
  return server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '';
}

function stampOfSources(): string {
  const hash = createHash('sha256');
  const files = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(file.slice(ROOT.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
}

/** What the first page of somebody who is signed in needs, beside what every page does; menus and dialogs come later. */
const HOME = ['shell/frame.tsx', 'pages/home/page.tsx'];

export interface BundleSizes {
  /** What a browser loads before somebody can sign in, gzipped bytes. */
  signIn: { js: number; css: number };
  /** What it loads before the home of a member shows. */
  home: { js: number; css: number };
  /** Every script by name, gzipped bytes, largest first. */
  scripts: { file: string; bytes: number }[];
}

/** How large the built dashboard is, as a browser transfers it. */
export function bundleSizes(): BundleSizes {
  const manifest = JSON.parse(readFileSync(join(WEB, '.vite/manifest.json'), 'utf8')) as Record<string, Chunk>;
  const gzipped = (file: string) => gzipSync(readFileSync(join(WEB, file))).byteLength;
  /** Of these and all that they import at once. */
  const sizeOf = (keys: readonly string[]) => {
    const files = new Set<string>();
    const visit = (key: string) => {
      const chunk = manifest[key];
      if (!chunk) throw new Error(`the build has no ${key}`);
      if (files.has(chunk.file)) return;
      for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
      for (const imported of chunk.imports ?? []) visit(imported);
    };
    for (const key of keys) visit(key);
    const sum = (ending: string) =>
      [...files].filter((file) => file.endsWith(ending)).reduce((bytes, file) => bytes + gzipped(file), 0);
    return { js: sum('.js'), css: sum('.css') };
  };
  const entries = Object.keys(manifest).filter((key) => manifest[key]?.isEntry);
  const scripts = [...new Set(Object.values(manifest).map(({ file }) => file))]
    .filter((file) => file.endsWith('.js'))
    .map((file) => ({ file, bytes: gzipped(file) }))
    .sort((a, b) => b.bytes - a.bytes);
  return { signIn: sizeOf([...entries, 'pages/sign-in/page.tsx']), home: sizeOf([...entries, ...HOME]), scripts };
}

if (import.meta.main) {
  await buildDashboard(console.log);
  const { signIn, home, scripts } = bundleSizes();
  const kb = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`;
  for (const [page, { js, css }] of Object.entries({ 'Sign in': signIn, Home: home })) {
    console.log(`${page}, gzipped: ${kb(js)} of scripts, ${kb(css)} of styles.`);
  }
  for (const { file, bytes } of scripts.slice(0, 8)) console.log(`  ${kb(bytes)} ${file}`);
}
