/** The client's types are those of what is deployed. */
import { exports } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import committed from '../../client/api.generated.ts?raw';
import { clientTypes } from '../../scripts/client-types.ts';
import type { ReferenceDocument } from '../../src/reference/document.ts';
import { json, ORIGIN } from '../support/gateway.ts';

it('client/api.generated.ts is what `npm run generate:client` would write now', async () => {
  const document = await json<ReferenceDocument>(await exports.default.fetch(`${ORIGIN}/openapi.json`));
  expect(clientTypes(document)).toBe(committed);
});
