/** One Purser with the demo, and one browser, for all files of the project `dashboard`. */
import type { TestProject } from 'vitest/node';
import { type Demo, launch } from './browser.ts';
import { startDemo } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    demo: Demo;
    browser: string;
    dataDir: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await startDemo();
  const browser = await launch();
  project.provide('demo', started.demo);
  project.provide('dataDir', started.dataDir);
  project.provide('browser', browser.wsEndpoint());
  return async () => {
    await browser.close();
    await started.stop();
  };
}
