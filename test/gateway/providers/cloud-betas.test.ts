/** Anthropic's betas at Vertex and Bedrock: sent on, left out where nothing is lost by that, or refused by name. */
import { describe, expect, it } from 'vitest';
import { bedrock } from '../../../src/gateway/providers/bedrock.ts';
import { cloudBetas } from '../../../src/gateway/providers/cloud-betas.ts';
import { vertex } from '../../../src/gateway/providers/vertex.ts';
import { CATALOGUE_MAPPINGS } from '../../../src/models/catalogue.ts';

/** As Claude Code names them with each request, in any version. */
const CLAUDE_CODE = [
  'claude-code-20250219',
  'oauth-2025-04-20',
  'interleaved-thinking-2025-05-14',
  'fine-grained-tool-streaming-2025-05-14',
  'context-management-2025-06-27',
  'effort-2025-11-24',
  'advanced-tool-use-2025-11-20',
  'tool-search-tool-2025-10-19',
  'structured-outputs-2025-12-15',
  'prompt-caching-scope-2026-01-05',
  'redact-thinking-2026-02-12',
  'web-search-2025-03-05',
].join(',');

function mappingOf(id: string) {
  const found = CATALOGUE_MAPPINGS.find((mapping) => mapping.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
}

const SONNET = mappingOf('vertex/claude-sonnet-5');
const HAIKU = mappingOf('bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0');

function objection(betas: string, mapping = SONNET, json = {}) {
  const provider = mapping.provider === 'vertex' ? vertex : bedrock;
  const headers = new Headers({ 'anthropic-beta': betas });
  return provider.objection?.({ operation: 'messages', mapping, json, headers }) ?? null;
}

describe('the betas of a request to a cloud', () => {
  it('are those that it knows, with their dates; what clients name of themselves is left out', () => {
    for (const mapping of [SONNET, HAIKU]) expect(objection(CLAUDE_CODE, mapping)).toBeNull();
    expect(cloudBetas(CLAUDE_CODE).split(',')).toEqual([
      'interleaved-thinking-2025-05-14',
      'fine-grained-tool-streaming-2025-05-14',
      'context-management-2025-06-27',
      'effort-2025-11-24',
    ]);
    expect(objection(' , ')).toBeNull();
  });

  it.each([
    'files-api-2025-04-14',
    'not-yet-known-2027-01-01',
    'skills-2025-10-02',
    'model-context-window-exceeded-2025-08-26',
  ])('(%s) are refused by name where something would be lost without', (beta) => {
    const refused = { field: 'anthropic-beta', message: expect.stringContaining(beta) };
    for (const mapping of [SONNET, HAIKU]) {
      expect(objection(beta, mapping)).toEqual(refused);
      expect(objection(`${CLAUDE_CODE}, ${beta}`, mapping)).toEqual(refused);
      const inBody = { ...refused, field: 'anthropic_beta' };
      expect(objection(CLAUDE_CODE, mapping, { anthropic_beta: [beta] })).toEqual(inBody);
    }
  });

  it('in the body are refused rather than lost, also those that the header sends on', () => {
    const anthropic_beta = ['claude-code-20250219', 'effort-2025-11-24'];
    const message = expect.stringContaining('name effort-2025-11-24 in the header');
    expect(objection('', SONNET, { anthropic_beta })).toEqual({ field: 'anthropic_beta', message });
    expect(objection('', SONNET, { anthropic_beta: anthropic_beta.slice(0, 1) })).toBeNull();
  });

  it('ask for a long context only where the model has none anyway', () => {
    expect(objection('context-1m-2025-08-07', SONNET)).toBeNull();
    expect(objection('context-1m-2025-08-07', HAIKU)).toMatchObject({ field: 'anthropic-beta' });
  });

  it('are nothing to models of others, whose protocols have none', () => {
    expect(objection('files-api-2025-04-14', mappingOf('vertex/gemini-3.1-flash-lite'))).toBeNull();
    const gpt = CATALOGUE_MAPPINGS.find(({ upstreamModel }) => upstreamModel.startsWith('openai.'));
    expect(objection('files-api-2025-04-14', gpt)).toBeNull();
  });
});
