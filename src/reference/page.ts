/**
 * GET /docs: the document as a page to read. Made here and not by a script in the browser: it needs no package, loads at
 * once, works offline, and no foreign code runs on the origin where people are signed in (decision 17). The only script
 * filters the list of routes; the policy of the page allows that one and nothing else, by its hash.
 */
import { html, raw } from 'hono/html';
import type { ReferenceDocument } from './document.ts';
import type { JsonSchema } from './examples.ts';
import { FILTER_SCRIPT, STYLE } from './page-style.ts';

type Html = ReturnType<typeof html>;

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: JsonSchema;
}

interface Content {
  schema?: JsonSchema;
  example?: unknown;
}

interface Body {
  $ref?: string;
  description?: string;
  content?: Record<string, Content>;
}

interface Components {
  schemas: Record<string, JsonSchema>;
  responses: Record<string, Body>;
}

interface Operation {
  summary: string;
  description?: string;
  tags: string[];
  security: Record<string, unknown>[];
  parameters?: Parameter[];
  requestBody?: Body;
  responses: Record<string, Body>;
}

interface Route extends Operation {
  method: string;
  path: string;
  id: string;
}

/** The page, and the policy under which browsers may show it. */
export async function renderPage(document: ReferenceDocument): Promise<{ page: string; policy: string }> {
  const routes = routesIn(document);
  const tags = (document.tags ?? []).filter(({ name }) => routes.some((route) => route.tags.includes(name)));
  const ofTag = (name: string) => routes.filter((route) => route.tags.includes(name));
  const components = document.components as unknown as Components;
  const schemas = Object.entries(components.schemas);
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API</title>
<link rel="icon" href="data:,">
<style>${raw(STYLE)}</style>
</head>
<body>
<nav>
  <h1>${document.info.title} API</h1>
  <input id="filter" type="search" placeholder="Filter routes" aria-label="Filter routes">
  ${tags.map(
    ({ name }) =>
      html`<section><h2>${name}</h2>${ofTag(name).map(
        ({ id, method, path, summary }) =>
          html`<a href="#${id}" title="${summary}">${badge(method)}<span>${path.replace('/orgs/{orgId}/', '…/')}</span></a>`,
      )}</section>`,
  )}
  <section><h2>Schemas</h2>${schemas.map(([name]) => html`<a href="#schema-${name}"><span>${name}</span></a>`)}</section>
</nav>
<main>
  <header>
    ${(document.info.description ?? '').split('\n\n').map((paragraph) => html`<p>${prose(paragraph)}</p>`)}
    <p>The same for programs: <a href="/openapi.json">openapi.json</a>.</p>
    <h3>Who calls</h3>
    <dl>${Object.entries(document.components.securitySchemes).map(
      ([name, { description }]) => html`<dt>${CALLERS[name]}</dt><dd>${prose(description)}</dd>`,
    )}</dl>
  </header>
  ${tags.map(
    ({ name, description }) => html`<section class="tag">
      <h2>${name}</h2><p>${description}</p>
      ${ofTag(name).map((route) => operation(route, components))}
    </section>`,
  )}
  <section class="tag"><h2>Schemas</h2>
    ${schemas.map(
      ([name, schema]) => html`<article id="schema-${name}"><h3><code>${name}</code></h3>${fields(schema)}</article>`,
    )}
  </section>
</main>
<script>${raw(FILTER_SCRIPT)}</script>
</body>
</html>`;
  const [style, script] = await Promise.all([STYLE, FILTER_SCRIPT].map(hashOf));
  const policy = `default-src 'none'; style-src '${style}'; script-src '${script}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { page: String(page), policy };
}

const CALLERS: Record<string, string> = {
  apiKey: 'API key',
  masterKey: 'Master key',
  session: 'Signed in',
};

function routesIn(document: ReferenceDocument): Route[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as unknown as Record<string, Operation>).map(([method, described]) => ({
      ...described,
      method,
      path,
      id: `${method}${path.replaceAll(/[^\w]+/g, '-')}`,
    })),
  );
}

function operation(route: Route, components: Components): Html {
  const { id, method, path, summary, description, parameters = [], requestBody, responses } = route;
  const asked = requestBody?.content?.['application/json'];
  const answers = Object.entries(responses).filter(([status]) => status < '400');
  // A 202 mostly carries what the 200 does: that is shown once.
  const news = new Map<string, Content>();
  for (const [status, { content }] of answers) {
    const shown = content?.['application/json'];
    const isNew = [...news.values()].every(({ schema }) => JSON.stringify(schema) !== JSON.stringify(shown?.schema));
    if (shown && isNew) news.set(status, shown);
  }
  const refusals = Object.entries(responses).filter(([status]) => status >= '400');
  return html`<article id="${id}">
  <h3>${badge(method)} <code>${path}</code></h3>
  <p class="summary">${prose(summary)}.</p>
  ${description ? html`<p>${prose(description)}</p>` : ''}
  <p class="who">${callersOf(route)}</p>
  <div class="columns">
    <div>
      ${parameters.length > 0 ? html`<h4>Parameters</h4>${parameterTable(parameters)}` : ''}
      ${asked?.schema ? html`<h4>Body</h4>${body(asked.schema, components)}` : ''}
      ${answers.map(([status, answer]) => {
        const schema = news.get(status)?.schema;
        return html`<h4><b class="status">${status}</b> ${prose(answer.description ?? '')}</h4>${schema ? body(schema, components) : ''}`;
      })}
      <h4>Refusals</h4>
      <table>${refusals.map(([status, refusal]) => {
        const told = refusal.$ref === undefined ? refusal : components.responses[nameOf(refusal.$ref)];
        return html`<tr><td><b class="status refused">${status}</b></td><td>${prose(told?.description ?? '')}</td></tr>`;
      })}</table>
    </div>
    <div class="examples">
      <pre>${curl(route)}</pre>
      ${[...news].map(
        ([status, { example }]) => html`<h4>${status}</h4><pre>${JSON.stringify(example, null, 2)}</pre>`,
      )}
    </div>
  </div>
</article>`;
}

function badge(method: string): Html {
  return html`<b class="method ${method}">${method.toUpperCase()}</b>`;
}

function callersOf({ security }: Operation): string {
  const names = security.flatMap((credential) => Object.keys(credential)).map((name) => CALLERS[name] ?? name);
  return names.length === 0 ? 'Open to all' : names.join(', or ');
}

function parameterTable(parameters: readonly Parameter[]): Html {
  return html`<table>${parameters.map(({ name, in: place, required, schema }) =>
    field(name, schema, required === true, place),
  )}</table>`;
}

/** The fields of a whole body, also where it has a name of its own. */
function body(schema: JsonSchema, components: Components): Html {
  if (schema.allOf) return html`${schema.allOf.map((part) => body(part, components))}`;
  const whole = schema.$ref === undefined ? schema : components.schemas[nameOf(schema.$ref)];
  return fields(whole ?? schema);
}

/** A schema's fields, one a line; what has a name of its own is a link. */
function fields(schema: JsonSchema): Html {
  if (schema.allOf) return html`${schema.allOf.map(fields)}`;
  if (!schema.properties) return html`<p>${typeOf(schema)}</p>`;
  return html`<table>${Object.entries(schema.properties).map(([name, each]) =>
    field(name, each, schema.required?.includes(name) === true),
  )}</table>`;
}

function field(name: string, schema: JsonSchema, required: boolean, place?: string): Html {
  const within = schema.items?.properties ? schema.items : schema.properties ? schema : null;
  const told = [place === 'query' || place === 'header' ? place : '', required ? '' : 'optional']
    .filter(Boolean)
    .join(', ');
  const example = place !== undefined && typeof schema.example === 'string' ? schema.example : null;
  return html`<tr>
    <td><code>${name}</code>${told ? html`<small>${told}</small>` : ''}</td>
    <td><span class="type">${typeOf(schema)}</span>${example === null ? '' : html` <code>${example}</code>`}
      ${schema.description ? prose(schema.description) : ''}</td>
  </tr>${within ? html`<tr class="within"><td colspan="2">${fields(within)}</td></tr>` : ''}`;
}

/** A type as a reader would write it. */
function typeOf(schema: JsonSchema): Html | string {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return html`${either.map((each, i) => html`${i > 0 ? ' | ' : ''}${typeOf(each)}`)}`;
  if (schema.allOf) return html`${schema.allOf.map((each, i) => html`${i > 0 ? ' & ' : ''}${typeOf(each)}`)}`;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.items) return html`${typeOf(schema.items)}[]`;
  const kinds = [schema.type ?? 'anything'].flat();
  return kinds.map((kind) => (kind === 'string' && schema.format ? schema.format : kind)).join(' | ');
}

function nameOf(ref: string): string {
  return ref.split('/').at(-1) ?? ref;
}

/** Text with `code` in it. */
function prose(text: string): Html {
  return html`${text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** The request as one would try it in a terminal. */
function curl({ method, path, security, parameters = [], requestBody }: Route): string {
  const examples = Object.fromEntries(parameters.map(({ name, schema }) => [name, String(schema.example ?? name)]));
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => examples[name] ?? name);
  const query = parameters
    .filter(({ in: place, required }) => place === 'query' && required)
    .map(({ name }) => `${name}=${examples[name]}`)
    .join('&');
  const [credential] = security.flatMap((each) => Object.keys(each));
  const body = requestBody?.content?.['application/json']?.example;
  return [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"$PURSER${url}${query && `?${query}`}"`,
    ...(credential === 'apiKey' ? ['-H "Authorization: Bearer psr_…"'] : []),
    ...(credential === 'masterKey' ? ['-H "Authorization: Bearer psm_…"'] : []),
    ...(credential === 'session' ? ['-b cookies -H "Origin: $PURSER"'] : []),
    ...(body === undefined ? [] : [`--json '${JSON.stringify(body, null, 2)}'`]),
  ].join(' \\\n  ');
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}
