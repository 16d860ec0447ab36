/**
 * `npm run screenshots -- [name ...]`: a picture of every page of the dashboard, light and dark, desktop and phone, into
 * dist/screenshots, from a Purser with the demo that it starts for itself, or the one whose demo.json is at `--demo`. After the pages
 * come the states in which a page is for a moment only: while it waits, where the server fails, without a network, and 4K.
 * With `--readme` instead: the pictures of the README into docs/pictures, as WebP.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { connect, type Demo, launch, settled, type Visit, Visitors } from '../test/dashboard/browser.ts';
import { type Listed, PAGES } from '../test/dashboard/pages.ts';
import { startDemo } from '../test/dashboard/server.ts';

const OUT = resolve('dist/screenshots');
const PICTURES = resolve('docs/pictures');
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 780 } };
const MODES = ['light', 'dark'] as const;

/** What the README shows, and how well: at this quality letters are sharp and no picture is over 120 KB. */
const IN_README = ['analytics', 'team', 'home-limited'];
const README_BYTES_MAX = 120_000;
const WEBP_QUALITY = 82;

/** A page by what is done to it before it is opened, or once it is there. */
interface State {
  name: string;
  of: string;
  before?: (page: Page) => unknown;
  after?: (page: Page) => unknown;
}

const STATES: State[] = [
  { name: 'loading', of: 'analytics', before: (page) => page.route('**/analytics/**', () => undefined) },
  {
    name: 'error',
    of: 'team',
    before: (page) => page.route(/\/orgs\/[^/]+\/members/, (route) => route.fulfill({ status: 503, body: '' })),
  },
  { name: 'offline', of: 'home', after: (page) => page.context().setOffline(true) },
  { name: '4k', of: 'analytics', after: (page) => page.setViewportSize({ width: 3840, height: 2160 }) },
];
/** After this long a page that waits for ever, or has tried in vain again, looks as it does for ever. */
const WAITING_MS = 10_000;

const { values, positionals } = parseArgs({
  options: { demo: { type: 'string' }, readme: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const started = values.demo ? null : await startDemo();
const demo = started?.demo ?? (JSON.parse(readFileSync(values.demo ?? '', 'utf8')) as Demo);
const launched = await launch();
const browser = await connect(launched.wsEndpoint());
const visitors = new Visitors(browser, demo);
try {
  if (values.readme) await picturesOfReadme();
  else await pictures();
} finally {
  await browser.close();
  await launched.close();
  await started?.stop();
}
process.exit(0);

async function pictures(): Promise<void> {
  mkdirSync(OUT, { recursive: true });
  const isAsked = (name: string) => positionals.length === 0 || positionals.includes(name);
  for (const listed of PAGES.filter(({ name }) => isAsked(name))) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of MODES) {
        const visit = await visitors.visit(listed.who, { viewport, colorScheme });
        // What went wrong is seen in its picture.
        await open(visit, listed).catch((error) => console.log(`${listed.name}: ${error}`));
        await picture(visit, `${listed.name}-${size}-${colorScheme}`);
      }
    }
  }
  for (const { name, of, before, after } of STATES.filter(({ name }) => isAsked(name))) {
    for (const colorScheme of MODES) {
      const listed = pageNamed(of);
      const visit = await visitors.visit(listed.who, { viewport: SIZES.desktop, colorScheme });
      await before?.(visit.page);
      if (after) {
        await open(visit, listed);
        await after(visit.page);
      } else await visit.page.goto(`/dashboard${listed.path(demo)}`);
      await visit.page.waitForTimeout(WAITING_MS);
      await picture(visit, `state-${name}-${colorScheme}`);
    }
  }
  console.log(`Pictures are in ${OUT}`);
}

async function picture({ page, context, problems }: Visit, name: string): Promise<void> {
  await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true });
  for (const problem of problems) console.log(`${name}: ${problem}`);
  await context.close();
}

/** As WebP, which the browser writes by itself. */
async function picturesOfReadme(): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  for (const name of IN_README) {
    const listed = pageNamed(name);
    const visit = await visitors.visit(listed.who, { viewport: SIZES.desktop, colorScheme: 'light' });
    await open(visit, listed);
    const debug = await visit.context.newCDPSession(visit.page);
    const { data } = await debug.send('Page.captureScreenshot', { format: 'webp', quality: WEBP_QUALITY });
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length > README_BYTES_MAX) throw new Error(`${name} has ${bytes.length} bytes, over ${README_BYTES_MAX}`);
    writeFileSync(join(PICTURES, `${name}.webp`), bytes);
    console.log(`docs/pictures/${name}.webp: ${bytes.length} bytes`);
    await visit.context.close();
  }
}

/** Throws where the page never shows its answer. */
async function open({ page }: Visit, { path, ready }: Listed): Promise<void> {
  await page.goto(`/dashboard${path(demo)}`);
  await page.getByText(ready).first().waitFor();
  await settled(page);
}

function pageNamed(name: string): Listed {
  const listed = PAGES.find((each) => each.name === name);
  if (!listed) throw new Error(`there is no page ${name}`);
  return listed;
}
