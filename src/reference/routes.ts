/** What describes the service: its OpenAPI document, the page that shows it, and whether it is there at all. */
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { type ApiEnv, answers, apiRouter } from '../api.ts';
import { documentOf, type ReferenceDocument } from './document.ts';
import { like } from './fields.ts';
import { renderPage } from './page.ts';
import { routesOf } from './route.ts';

const route = routesOf('Service');

/** The routes that describe `app`, itself among them once they are mounted there. */
export function referenceRouter(app: OpenAPIHono<ApiEnv>) {
  let document: ReferenceDocument | null = null;
  let rendered: ReturnType<typeof renderPage> | null = null;
  const theDocument = () => {
    document ??= documentOf(app);
    return document;
  };
  return apiRouter()
    .openapi(
      route({
        method: 'get',
        path: '/health',
        summary: 'Whether the service answers, and which version of it',
        responses: {
          200: answers(
            'It does',
            z.object({ ok: z.literal(true), version: like('b3c1a2d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d') }),
          ),
        },
        lets: ['anonymous'],
      }),
      (c) => c.json({ ok: true as const, version: c.env.VERSION.id }, 200),
    )
    .openapi(
      route({
        method: 'get',
        path: '/openapi.json',
        summary: 'This document',
        responses: {
          200: answers('OpenAPI 3.1', z.looseObject({}).openapi({ example: { openapi: '3.1.0' } as never })),
        },
        lets: ['anonymous'],
      }),
      (c) => {
        return c.json({ ...theDocument() } as never, 200);
      },
    )
    .openapi(
      route({
        method: 'get',
        path: '/docs',
        summary: 'This document as a page',
        responses: { 200: { description: 'To be read', content: { 'text/html': { schema: z.string() } } } },
        lets: ['anonymous'],
      }),
      async (c) => {
        rendered ??= renderPage(theDocument());
        const { page, policy } = await rendered;
        return c.html(page, 200, { 'content-security-policy': policy, 'x-content-type-options': 'nosniff' });
      },
    );
}
