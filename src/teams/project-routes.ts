/** The management routes of projects. Developers see those granted to them; any other is the 404 of one that never was. */
import { z } from '@hono/zod-openapi';
import { answers, apiRouter, body, jsonBody } from '../api.ts';
import { FAN_OUT, idOf, ORG_ID, pageOf } from '../reference/fields.ts';
import { routesOf } from '../reference/route.ts';
import { name } from '../sign-in/fields.ts';
import { guarded } from './guard.ts';
import { PAGE, sortOf } from './page.ts';
import { readRouting, setRouting } from './project-routing.ts';
import {
  changeProject,
  createProject,
  findProject,
  listProjects,
  PROJECT_SORTS,
  Project,
  showProject,
} from './projects.ts';
import { RoutingBody, ShownRouting } from './routing-body.ts';

const route = routesOf('Projects');

const Org = z.object({ orgId: ORG_ID });
const OrgProject = Org.extend({ projectId: idOf('prj') });

const Changed = Project.extend(FAN_OUT);
const ChangedRouting = ShownRouting.extend(FAN_OUT);

const ListQuery = z.strictObject({
  ...PAGE,
  sort: sortOf(PROJECT_SORTS, 'name'),
  archived: z.enum(['true', 'false'], { error: 'archived must be true or false.' }).optional(),
});

const ProjectBody = z.strictObject({ name: name('name') }).openapi('ProjectBody', { example: { name: 'Support bot' } });

const ProjectPatch = z
  .strictObject({
    name: name('name').optional(),
    archived: z.boolean({ error: 'archived must be true or false.' }).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, { error: 'Name what to change: name, archived.' })
  .openapi('ProjectPatch', { example: { archived: true } });

const toProjects = guarded({
  ability: 'projects.read',
  roleMessage: 'Only people of the organization can view its projects.',
});
const toRoute = guarded({
  ability: 'projects.write',
  roleMessage: 'Only owners and admins can change the routing of projects.',
});
const toChange = guarded({
  ability: 'projects.write',
  roleMessage: 'Only owners and admins can manage projects.',
});

export const projectRouter = apiRouter()
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/projects',
      summary: 'List projects; developers see those granted to them',
      middleware: toProjects,
      request: { params: Org, query: ListQuery },
      responses: { 200: answers('A page of projects', pageOf('projects', Project)) },
    }),
    async (c) => {
      const { rows, nextCursor } = await listProjects(c.env, c.get('caller'), c.req.valid('query'));
      return c.json({ projects: rows.map(showProject), nextCursor }, 200);
    },
  )
  .openapi(
    route({
      method: 'post',
      path: '/orgs/{orgId}/projects',
      summary: 'Make a project',
      middleware: [toChange, ...jsonBody] as const,
      request: { params: Org, body: body(ProjectBody) },
      responses: { 201: answers('The project', Project) },
    }),
    async (c) => {
      const row = await createProject(c.env, c.get('trail'), c.req.valid('json').name, Date.now());
      return c.json(showProject(row), 201);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/projects/{projectId}',
      summary: 'One project',
      middleware: toProjects,
      request: { params: OrgProject },
      responses: { 200: answers('The project', Project) },
    }),
    async (c) => c.json(showProject(await findProject(c.env, c.get('caller'), c.req.valid('param').projectId)), 200),
  )
  .openapi(
    route({
      method: 'patch',
      path: '/orgs/{orgId}/projects/{projectId}',
      summary: 'Rename, archive or restore a project',
      middleware: [toChange, ...jsonBody] as const,
      request: { params: OrgProject, body: body(ProjectPatch) },
      responses: {
        200: answers('The project; every member with a key in it is under the change', Changed),
        202: answers('The project; `pending` members will be under the change within minutes', Changed),
      },
    }),
    async (c) => {
      const { projectId } = c.req.valid('param');
      const change = c.req.valid('json');
      const changed = await changeProject(c.env, c.get('trail'), c.get('caller'), projectId, change, Date.now());
      const { row, ...fanOut } = changed;
      return c.json({ ...showProject(row), ...fanOut }, fanOut.pending > 0 ? 202 : 200);
    },
  )
  .openapi(
    route({
      method: 'delete',
      path: '/orgs/{orgId}/projects/{projectId}',
      summary: 'Archive a project: its keys are refused, its history stays',
      middleware: toChange,
      request: { params: OrgProject },
      responses: {
        200: answers('The archived project; its keys are refused', Changed),
        202: answers('The archived project; `pending` members will be refused within minutes', Changed),
      },
    }),
    async (c) => {
      const { projectId } = c.req.valid('param');
      const change = { archived: true };
      const changed = await changeProject(c.env, c.get('trail'), c.get('caller'), projectId, change, Date.now());
      const { row, ...fanOut } = changed;
      return c.json({ ...showProject(row), ...fanOut }, fanOut.pending > 0 ? 202 : 200);
    },
  )
  .openapi(
    route({
      method: 'get',
      path: '/orgs/{orgId}/projects/{projectId}/routing',
      summary: "What a project wants of the choice among a model's providers",
      middleware: toProjects,
      request: { params: OrgProject },
      responses: { 200: answers('The routing', ShownRouting) },
    }),
    async (c) => {
      const { routing, version } = await readRouting(c.env, c.get('caller'), c.req.valid('param').projectId);
      return c.json({ ...routing, version }, 200);
    },
  )
  .openapi(
    route({
      method: 'put',
      path: '/orgs/{orgId}/projects/{projectId}/routing',
      summary: "Replace a project's routing; what is left out is no wish",
      middleware: [toRoute, ...jsonBody] as const,
      request: { params: OrgProject, body: body(RoutingBody) },
      responses: {
        200: answers('The routing; every member with a key in the project is under it', ChangedRouting),
        202: answers('The routing; `pending` members will be under it within minutes', ChangedRouting),
      },
      refuses: [409],
    }),
    async (c) => {
      const { projectId } = c.req.valid('param');
      const { version: expected, ...routing } = c.req.valid('json');
      const asked = { routing, version: expected };
      const set = await setRouting(c.env, c.get('trail'), c.get('caller'), projectId, asked, Date.now());
      const { routing: changed, ...rest } = set;
      return c.json({ ...changed, ...rest }, rest.pending > 0 ? 202 : 200);
    },
  );
