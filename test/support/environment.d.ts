/** What only the test configuration binds, and the Worker under test. */
declare namespace Cloudflare {
  interface Env {
    /** How many requests test/access/fuzz.worker.test.ts sends to each route, and the seed; empty: its own. */
    FUZZ_RUNS?: string;
    FUZZ_SEED?: string;
    ALL_ZONES?: string;
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
