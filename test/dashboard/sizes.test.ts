/** What a browser loads first stays small; what draws charts is not part of it. */
import { expect, it } from 'vitest';
import { bundleSizes } from '../../scripts/dashboard.ts';
import { visiting } from './visiting.ts';

/** Of scripts, gzipped: a second on a slow phone. */
const FIRST_LOAD_MAX = 200 * 1024;

const { visit, inOrganization } = visiting();

it('loads at most 200 KB of scripts before somebody can sign in, or sees their home', () => {
  const { signIn, home, scripts } = bundleSizes();
  console.log(
    `sign-in ${JSON.stringify(signIn)}, home ${JSON.stringify(home)}; largest: ${JSON.stringify(scripts.slice(0, 4))}`,
  );
  expect(signIn.js).toBeLessThanOrEqual(FIRST_LOAD_MAX);
  expect(home.js).toBeLessThanOrEqual(FIRST_LOAD_MAX);
});

it('loads what draws charts with the first chart only', async () => {
  const { page } = await visit('owner');
  const drawing: string[] = [];
  page.on('response', (response) => response.url().includes('/drawing-') && drawing.push(response.url()));
  await page.goto(inOrganization(''));
  await page.getByText('Your usage').first().waitFor();
  expect(drawing).toEqual([]);
  await page.goto(inOrganization('/analytics'));
  await page.locator('canvas').first().waitFor();
  expect(drawing).toHaveLength(1);
});
