/**
 * `npm run screenshots -- [name ...]`: a picture of every page of the dashboard, light and dark, desktop and phone, into
 * dist/screenshots, from a Purser with the demo that it starts for itself, or the one of `--url` with its demo.json at `--demo`.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, type Demo, launch, settled, Visitors } from '../test/dashboard/browser.ts';
import { PAGES } from '../test/dashboard/pages.ts';
import { startDemo } from '../test/dashboard/server.ts';

const OUT = resolve('dist/screenshots');
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 780 } };
const MODES = ['light', 'dark'] as const;

const { values, positionals } = parseArgs({ options: { demo: { type: 'string' } }, allowPositionals: true });
mkdirSync(OUT, { recursive: true });
const started = values.demo ? null : await startDemo();
const demo = started?.demo ?? (JSON.parse(readFileSync(values.demo ?? '', 'utf8')) as Demo);
const launched = await launch();
const browser = await connect(launched.wsEndpoint());
try {
  const visitors = new Visitors(browser, demo);
  for (const { name, who, path, ready } of PAGES) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of MODES) {
        const { context, page, problems } = await visitors.visit(who, { viewport, colorScheme });
        await page.goto(`/dashboard${path(demo)}`);
        await page
          .getByText(ready)
          .first()
          .waitFor()
          .catch(() => console.log(`${name}: never said ${ready}`));
        await settled(page);
        await page.screenshot({ path: join(OUT, `${name}-${size}-${colorScheme}.png`), fullPage: true });
        for (const problem of problems) console.log(`${name} (${size}, ${colorScheme}): ${problem}`);
        await context.close();
      }
    }
  }
  console.log(`Pictures are in ${OUT}`);
} finally {
  await browser.close();
  await launched.close();
  await started?.stop();
}
process.exit(0);
