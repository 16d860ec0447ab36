import { describe, expect, it } from 'vitest';
import { gemini } from '../../../src/gateway/gemini/protocol.ts';
import type { Asked, Json, Sent } from '../../../src/gateway/protocol.ts';
import { geminiCount } from '../../../src/gateway/providers/gemini-count.ts';
import type { Mapping } from '../../../src/models/catalogue.ts';
import { askedGemini } from '../../support/asked.ts';

function ask(body: Json) {
  return gemini.ask(body, { model: 'gemini-3.1-pro', streamed: false });
}

const CONTENTS = [{ parts: [{ text: 'a' }] }];

describe('what is understood', () => {
  it('is what its cost depends on', () => {
    const asked = askedGemini({
      system_instruction: { parts: { text: 'be brief' } },
      contents: { role: 'user', parts: [{ text: 'one' }, { inline_data: { mime_type: 'image/png', data: 'AAAA' } }] },
      tools: [{ function_declarations: [{ name: 'f' }, { name: 'g' }] }],
      generation_config: { max_output_tokens: 50, candidate_count: 2 },
    });
    expect(asked).toMatchObject({
      model: 'any',
      choices: 2,
      cap: { tokens: 50, field: 'generationConfig.maxOutputTokens' },
      items: 3,
      media: [{ kind: 'image', embeddedBytes: 4 }],
      hidesOutput: false,
      unpriced: null,
      demo: null,
    });
    expect(asked.messageTexts()).toEqual(['be brief', 'one']);
    expect(asked.lastUserText()).toContain('one');
  });

  it('is every medium, those of results and links included', () => {
    const file = { fileData: { fileUri: 'https://a.example/b.pdf', mimeType: 'application/pdf' } };
    const part = { inlineData: { mimeType: 'audio/wav', data: 'AAAAAAAA' } };
    const { media } = askedGemini({
      contents: [{ parts: [file, { functionResponse: { name: 'f', response: {}, parts: [part] } }] }],
    });
    expect(media).toEqual([
      { kind: 'file', embeddedBytes: 0 },
      { kind: 'audio', embeddedBytes: 8 },
    ]);
  });

  it('bounds no medium that is to take a number of tokens', () => {
    const image = { inlineData: { mimeType: 'image/png', data: 'AAAA' } };
    const of = (part: object) => geminiCount.inputTokensMax(askedGemini({ contents: [{ parts: [part] }] }), 100);
    expect(of(image)).toBeLessThan(10_000);
    expect(of({ ...image, mediaResolution: { numTokens: 100_000 } })).toBe(Number.POSITIVE_INFINITY);
  });

  it('hides output where that is to be no text', () => {
    expect(askedGemini({ generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }).hidesOutput).toBe(true);
  });
});

describe('what is billed apart', () => {
  it.each([
    ['tools.googleMaps', { tools: [{ googleSearch: {} }, { google_maps: {} }] }],
    ['tools.codeExecution', { tools: [{ functionDeclarations: [] }, { code_execution: {} }] }],
    ['tools.urlContext', { tools: { urlContext: {} } }],
    ['tools.somethingNew', { tools: [{ somethingNew: {} }] }],
    ['serviceTier', { serviceTier: 'priority' }],
    ['generationConfig.responseModalities', { generationConfig: { responseModalities: ['AUDIO'] } }],
  ])('is named: %s', (field, body) => {
    expect(askedGemini(body).unpriced).toBe(field);
  });

  it('is not what costs less, or the same', () => {
    expect(
      askedGemini({ service_tier: 'FLEX', tools: [{ functionDeclarations: [{ name: 'f' }] }] }).unpriced,
    ).toBeNull();
  });
});

describe('a bad request', () => {
  it.each<[string | null, Json]>([
    ['contents', {}],
    ['contents', { contents: [] }],
    [
      'contents.0.parts.0.inlineData.data',
      { contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'no!' } }] }] },
    ],
    ['generationConfig.candidateCount', { contents: CONTENTS, generationConfig: { candidateCount: 9 } }],
    ['generationConfig.maxOutputTokens', { contents: CONTENTS, generationConfig: { maxOutputTokens: '100' } }],
    ['generationConfig.maxOutputTokens', { contents: CONTENTS, generation_config: { max_output_tokens: 0 } }],
    ['tools.0.functionDeclarations.0.name', { contents: CONTENTS, tools: [{ functionDeclarations: [{}] }] }],
    ['generation_config', { contents: CONTENTS, generationConfig: { maxOutputTokens: 1 }, generation_config: {} }],
    ['max_output_tokens', { contents: CONTENTS, generationConfig: { maxOutputTokens: 1, max_output_tokens: 60_000 } }],
    ['cachedContent', { contents: CONTENTS, cached_content: 'cachedContents/of-another' }],
    ['continuationToken', { contents: CONTENTS, continuationToken: 'x' }],
    ['fileData.fileUri', { contents: [{ parts: [{ fileData: { fileUri: 'gs://bucket/secret.pdf' } }] }] }],
    ['fileData.fileUri', { contents: [{ parts: [{ file_data: { file_uri: ' files/abc' } }] }] }],
    [
      'fileData.fileUri',
      {
        contents: [
          { parts: [{ fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/abc' } }] },
        ],
      },
    ],
    ['demo.unknown', { contents: CONTENTS, demo: { unknown: 1 } }],
    [null, { messages: [{ role: 'user', content: 'a' }] }],
  ])('names the field: %s', (field, body) => {
    expect(ask(body)).toMatchObject({ refusal: { kind: 'bad_request', field } });
  });

  it('says where a body belongs that is of another protocol', () => {
    expect(ask({ input: 'a' })).toMatchObject({ refusal: { message: expect.stringContaining('/v1/responses') } });
  });

  it('is not one whose own names look like fields', () => {
    const args = { generation_config: 1, generationConfig: 2 };
    const parameters = { type: 'OBJECT', properties: { a_b: { type: 'STRING' }, aB: { type: 'STRING' } } };
    expect(
      ask({
        contents: [{ parts: [{ functionCall: { name: 'f', args } }] }],
        tools: [{ functionDeclarations: [{ name: 'f', parameters }] }],
      }),
    ).toHaveProperty('understood');
  });
});

describe('what is sent', () => {
  const body = (asked: Asked, cap: number | null): Json =>
    gemini.body(asked, { mapping: {} as Mapping, streams: true, cap } satisfies Sent);

  it('is the body as it came, fields that nobody knows included, but for a model in it', () => {
    const sent = { contents: CONTENTS, safety_settings: [], somethingNew: { a_b: 1 } };
    expect(body(askedGemini({ ...sent, model: 'models/dearer' }), null)).toEqual(sent);
  });

  it('has the cap of the gateway in the place of its own', () => {
    const capped = (config: Json) => body(askedGemini({ contents: CONTENTS, ...config }), 30);
    expect(capped({})).toEqual({ contents: CONTENTS, generationConfig: { maxOutputTokens: 30 } });
    expect(capped({ generation_config: { max_output_tokens: 500, temperature: 1 } })).toEqual({
      contents: CONTENTS,
      generation_config: { max_output_tokens: 30, temperature: 1 },
    });
  });
});
