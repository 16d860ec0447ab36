/** The management route of statements: what an organization used in a month, on paper or as data. Nothing here changes anything. */
import { z } from '@hono/zod-openapi';
import { apiRouter } from '../../api.ts';
import { LIMITS } from '../../limits.ts';
import { idOf, ORG_ID } from '../../reference/fields.ts';
import { routesOf } from '../../reference/route.ts';
import { badRequest } from '../../teams/api-error.ts';
import { type Caller, guarded } from '../../teams/guard.ts';
import { readOrganization } from '../../teams/organization.ts';
import { findProject } from '../../teams/projects.ts';
import { usageDatabase } from '../../usage/databases.ts';
import { findMemberEver } from '../../usage/member-analytics.ts';
import { countryOf } from '../countries.ts';
import { documentPdf } from '../documents/pdf.ts';
import { MONTH, monthOf } from './month.ts';
import { statementDocument } from './paper.ts';
import { StatementShown, showStatement, statementCsv } from './shown.ts';
import { readStatement, type Statement } from './statement.ts';

const Query = z.strictObject({
  format: z.enum(['pdf', 'csv', 'json'], { error: 'format must be pdf, csv or json.' }).default('pdf').openapi({
    description: 'In the PDF amounts are in cents that add up, with the exact total; csv and json are exact',
  }),
  projectId: idOf('prj').optional(),
  memberId: idOf('mem').optional().openapi({ description: "Everybody may have their own: `memberId` of `GET /me`'s" }),
});

const FILE = z.string().openapi({ format: 'binary' });

export const statementRouter = apiRouter().openapi(
  routesOf('Statements')({
    method: 'get',
    path: '/orgs/{orgId}/statements/{month}',
    summary: "What was used in a month of the organization's zone, by project, member and model, as a PDF, CSV or JSON",
    middleware: guarded({
      ability: 'statements.read',
      orSelf: true,
      roleMessage: "Only owners, admins and finance admins can view other members' statements.",
    }),
    request: {
      params: z.object({
        orgId: ORG_ID,
        month: z.string().regex(MONTH, { error: 'month must be YYYY-MM.' }).openapi({ example: '2026-10' }),
      }),
      query: Query,
    },
    responses: {
      200: {
        description: 'The statement; preliminary while more usage of the month may come',
        content: {
          'application/pdf': { schema: FILE },
          'text/csv': { schema: z.string() },
          'application/json': { schema: StatementShown },
        },
      },
    },
    refuses: [503],
  }),
  async (c) => {
    const { month } = c.req.valid('param');
    const { format, ...asked } = c.req.valid('query');
    const statement = await findStatement(c.env, c.var.caller, month, asked);
    if (format === 'json') return c.json(showStatement(statement), 200);
    if (format === 'csv') return file(statementCsv(statement), `statement-${month}.csv`, 'text/csv; charset=utf-8');
    const lines = statement.projects.reduce((sum, { lines }) => sum + lines.length, 0);
    if (lines > LIMITS.statementPdfLinesMax) {
      const most = LIMITS.statementPdfLinesMax;
      throw badRequest('format', `A PDF has at most ${most} lines, not ${lines}: ask for csv, or for one project.`);
    }
    return file(await documentPdf(statementDocument(statement)), `statement-${month}.pdf`, 'application/pdf');
  },
);

async function findStatement(
  env: Env,
  caller: Caller,
  name: string,
  { projectId, memberId }: { projectId?: string | undefined; memberId?: string | undefined },
): Promise<Statement> {
  const { organizationId, timeZone } = caller;
  const organization = await readOrganization(env, organizationId);
  const month = monthOf(name, timeZone, Date.parse(organization.createdAt), Date.now());
  const [project, member, usage] = await Promise.all([
    projectId === undefined ? null : findProject(env, caller, projectId),
    memberId === undefined ? null : findMemberEver(env.DB, organizationId, memberId),
    usageDatabase(env, organizationId),
  ]);
  return readStatement(
    { usage, names: env.DB },
    {
      organization: {
        id: organizationId,
        name: organization.name,
        country: countryOf(organization.billingDetails?.country ?? '').code,
      },
      month,
      project: project && { id: project.id, name: project.name },
      member: member && { id: member.memberId, name: member.name },
    },
  );
}

function file(body: BodyInit, name: string, type: string): Response {
  return new Response(body, {
    headers: { 'content-type': type, 'content-disposition': `attachment; filename="${name}"` },
  });
}
