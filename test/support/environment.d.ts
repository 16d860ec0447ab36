/** What only the test configuration binds, and the Worker under test. */
declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import('../../src/local/worker.ts');
  }
}

/** A file as text. */
declare module '*?raw' {
  const text: string;
  export default text;
}
