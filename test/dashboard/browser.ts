/**
 * A real browser before a real Purser: the packaged chromium (the system's where that one does not start), and visitors signed in as the
 * demo's people. Whatever a page logs as an error or a warning, or throws, or the content security policy refuses, is kept: `problems`.
 */
import { existsSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type BrowserServer,
  chromium,
  type Page,
} from 'playwright-core';
import type { DemoAccount } from '../../src/local/demo-data.ts';

export type Demo = DemoAccount & { baseUrl: string };

export type Who = 'owner' | 'admin' | 'finance' | 'developer' | 'basic';

/** Not the package's own: those turn off what a browser checks of sites, by which Purser tells them apart. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--font-render-hinting=none'];

/** The browser as a server, to which each test file connects. */
export async function launch(): Promise<BrowserServer> {
  try {
    return await chromium.launchServer({
      executablePath: await sparticuz.executablePath(),
      args: ARGS,
      headless: true,
    });
  } catch (error) {
    const system = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
    if (!system) throw error;
    return chromium.launchServer({ executablePath: system, args: ARGS, headless: true });
  }
}

export function connect(endpoint: string): Promise<Browser> {
  return chromium.connect(endpoint);
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What should not have been said, in the order it was. */
  problems: string[];
}

/** A way to open pages as any of the demo's people; each signs in once, however often. */
export class Visitors {
  readonly #browser: Browser;
  readonly #demo: Demo;
  readonly #cookies = new Map<Who, ReturnType<Visitors['signIn']>>();

  constructor(browser: Browser, demo: Demo) {
    this.#browser = browser;
    this.#demo = demo;
  }

  /** A fresh context, signed in as `who`; as nobody for null. */
  async visit(who: Who | null, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.#browser.newContext({
      baseURL: this.#demo.baseUrl,
      locale: 'en-US',
      timezoneId: 'Europe/Stockholm',
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      ...options,
    });
    if (who) {
      let cookies = this.#cookies.get(who);
      if (!cookies) {
        cookies = this.signIn(who);
        this.#cookies.set(who, cookies);
      }
      await context.addCookies(await cookies);
    }
    const page = await context.newPage();
    // As long as a busy machine may take; nothing waits so long by itself.
    page.setDefaultTimeout(30_000);
    return { context, page, problems: watch(page) };
  }

  /** Cookies of a session of theirs, without a page. */
  async signIn(who: Who) {
    const account = this.#demo.signIns.find(({ role }) => role === who);
    if (!account) throw new Error(`the demo has no ${who}`);
    const { baseUrl } = this.#demo;
    const answer = await fetch(`${baseUrl}/auth/sign-in`, {
      method: 'POST',
      headers: { origin: baseUrl, 'content-type': 'application/json' },
      body: JSON.stringify({ email: account.email, password: account.password }),
    });
    if (!answer.ok) throw new Error(`signing in as ${who}: ${answer.status} ${await answer.text()}`);
    return answer.headers.getSetCookie().map((line) => {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/);
      return { name, value, url: baseUrl, httpOnly: true };
    });
  }
}

/** When all that was asked has been answered and drawn: no grey bar is left in the place of anything. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.locator('.animate-pulse').first().waitFor({ state: 'detached' });
}

/** Goes there as a link of the app does, without loading the app anew. `address` begins with /dashboard. */
export async function follow(page: Page, address: string): Promise<void> {
  await page.evaluate(`history.pushState({}, '', ${JSON.stringify(address)})`);
}

function watch(page: Page): string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    // That somebody is not signed in, or that a form was refused, the browser tells as an error by itself.
    if (/^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text())) return;
    if (message.type() === 'error' || message.type() === 'warning')
      problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`thrown: ${error.message}`));
  return problems;
}
