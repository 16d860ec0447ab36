/** What a browser loads first stays small; what draws charts is not part of it. */
import { expect, it } from 'vitest';
import { bundleSizes } from '../../scripts/dashboard.ts';
import { visiting } from './visiting.ts';

/** Of scripts, gzipped: a second on a slow phone. */
const FIRST_LOAD_MAX = 200 * 1024;

const { visit, inOrganization } = visiting();

it('loads at most 200 KB of scripts before somebody can sign in', () => {
  const { firstLoad, scripts } = bundleSizes();
  console.log(
    `first load ${firstLoad.js} bytes of scripts, ${firstLoad.css} of styles; largest: ${JSON.stringify(scripts.slice(0, 4))}`,
  );
  expect(firstLoad.js).toBeLessThanOrEqual(FIRST_LOAD_MAX);
});

it('loads at most 200 KB of scripts for the home of a member, and nothing that draws charts', async () => {
  const { page } = await visit('developer');
  const loaded = new Set<string>();
  page.on('response', (response) => loaded.add(new URL(response.url()).pathname));
  await page.goto(inOrganization(''));
  await page.getByText('Your usage').first().waitFor();
  const { scripts } = bundleSizes();
  const own = scripts.filter(({ file }) => loaded.has(`/${file}`));
  const bytes = own.reduce((sum, script) => sum + script.bytes, 0);
  console.log(`home: ${bytes} bytes of scripts`);
  expect(own.length).toBeGreaterThan(1);
  expect(own.filter(({ file }) => file.includes('drawing'))).toEqual([]);
  expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_MAX);
});
