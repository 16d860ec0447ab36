/** `npm run generate:client`: writes client/api.generated.ts from the /openapi.json of what is deployed. A test says when it is stale. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReferenceDocument } from '../src/reference/document.ts';
import { clientTypes } from './client-types.ts';
import { ROOT, startServer } from './server.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'purser-client-'));
const server = await startServer({
  entry: 'src/worker.ts',
  port: 0,
  dataDir,
  bindings: {},
  crons: false,
  say: () => undefined,
});
try {
  const response = await fetch(`${server.url}/openapi.json`);
  const file = join(ROOT, 'client', 'api.generated.ts');
  writeFileSync(file, clientTypes((await response.json()) as ReferenceDocument));
  console.log(`wrote ${file}`);
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
