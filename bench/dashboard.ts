/**
 * `npm run bench -- dashboard`: how quick the dashboard is, in a real browser before a real Purser with the demo: from one page to
 * another whose data is known, and from the answer of a year of usage to charts that answer a click. All times are the page's own clock,
 * up to the frame that is painted.
 */
import type { Page } from 'playwright-core';
import { connect, launch, settled, Visitors } from '../test/dashboard/browser.ts';
import { startDemo } from '../test/dashboard/server.ts';
import type { BenchOptions, BenchReport } from './bench.ts';
import { describeMachine, machineText } from './machine.ts';
import { table } from './table.ts';

/** Promised: with warm data, and after the answer. */
const ROUTE_CHANGE_MS = 100;
const YEAR_MS = 1_000;

const ROUNDS = 10;

/** Entries of an owner's sidebar, by the heading of their page. */
const PAGES: Record<string, string> = {
  Home: 'Hello, Ingrid',
  Playground: 'Playground',
  'API keys': 'API keys',
  Projects: 'Projects',
  Team: 'Team',
  Budgets: 'Budgets',
  Analytics: 'Analytics',
  Requests: 'Requests',
  Billing: 'Billing',
  'Audit log': 'Audit log',
  Settings: 'Settings',
};

/** In the page: waits, frame by frame, for `probe` to be true, and for what it saw to be painted. */
const UNTIL = `const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const until = async (probe) => { while (!probe()) await frame(); await frame(); return performance.now(); };`;

export async function dashboard({ say, signal }: BenchOptions): Promise<BenchReport> {
  const machine = describeMachine();
  say('Building the dashboard and making the demo ...');
  const { demo, stop } = await startDemo();
  const launched = await launch();
  const browser = await connect(launched.wsEndpoint());
  try {
    const { page, problems } = await new Visitors(browser, demo).visit('owner');
    const organization = `/dashboard/orgs/${demo.organizationId}`;
    await page.goto(organization);
    await page.getByText('Your usage').first().waitFor();
    await settled(page);
    const changes = Object.fromEntries(Object.keys(PAGES).map((entry): [string, number[]] => [entry, []]));
    for (let round = 0; round <= ROUNDS; round++) {
      signal.throwIfAborted();
      say(round === 0 ? 'Opening every page once ...' : `Round ${round} of ${ROUNDS}`);
      for (const [entry, heading] of Object.entries(PAGES)) {
        const ms = await changeTo(page, entry, heading);
        await settled(page);
        // The first round fetches code and data: what is promised is what follows.
        if (round > 0) changes[entry]?.push(ms);
      }
    }
    say('A year of usage ...');
    const years: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted();
      years.push(await openYear(page, `${organization}/analytics?range=365d`));
    }
    return {
      text: `${machineText(machine)}\n\n${report(changes, years)}`,
      json: { machine, routeChangeMs: changes, yearMs: years },
      broken: problems,
    };
  } finally {
    await browser.close();
    await launched.close();
    await stop();
  }
}

/** From the click on an entry to its page as it stays: its heading, and nothing grey in the place of anything. */
async function changeTo(page: Page, entry: string, heading: string): Promise<number> {
  return (await page.evaluate(`(async () => { ${UNTIL}
    const links = [...document.querySelectorAll('[aria-label="Pages"] a')];
    const link = links.find((each) => each.textContent.trim() === ${JSON.stringify(entry)});
    const start = performance.now();
    link.click();
    const isThere = () => document.querySelector('main h1')?.textContent === ${JSON.stringify(heading)}
      && !document.querySelector('main .animate-pulse');
    return (await until(isThere)) - start;
  })()`)) as number;
}

/** From the last byte of the answer to a chart that is drawn and tabs that do what is asked of them. */
async function openYear(page: Page, address: string): Promise<number> {
  await page.goto(address, { waitUntil: 'commit' });
  return (await page.evaluate(`(async () => { ${UNTIL}
    await until(() => document.querySelector('main canvas'));
    const tab = [...document.querySelectorAll('[role=tab]')].find((each) => each.textContent === 'Tokens');
    tab.click();
    const end = await until(() => tab.getAttribute('aria-selected') === 'true' && location.search.includes('measure=tokens'));
    const answers = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/analytics/activity'));
    return end - Math.max(...answers.map(({ responseEnd }) => responseEnd));
  })()`)) as number;
}

function report(changes: Record<string, number[]>, years: readonly number[]): string {
  const row = (name: string, all: readonly number[], bound: number) => {
    const sorted = [...all].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const ms = (value: number) => `${value.toFixed(0)} ms`;
    return [`  ${name}`, ms(at(0.5)), ms(at(0.95)), ms(bound), `x ${(at(0.5) / bound).toFixed(2)}`];
  };
  return table([
    ['', 'p50', 'p95', 'promised', 'p50 / promised'],
    ['From one page to another, with warm data, to'],
    ...Object.entries(changes).map(([entry, all]) => row(entry, all, ROUTE_CHANGE_MS)),
    row('any of them', Object.values(changes).flat(), ROUTE_CHANGE_MS),
    ['A year of usage by day, from its answer until its charts answer a click'],
    row('analytics, 365 days', years, YEAR_MS),
  ]);
}
