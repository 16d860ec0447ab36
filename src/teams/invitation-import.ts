/** Invitations by CSV: every line is checked as a request of its own would be, and all that are wrong are told at once. */
import type { Trail } from '../audit/trail.ts';
import { EMAIL } from '../sign-in/fields.ts';
import { orGiveBackMails, takeMail } from '../sign-in/throttle.ts';
import { ApiError } from './api-error.ts';
import { BudgetBody, NO_BUDGET } from './budget-body.ts';
import type { Caller } from './guard.ts';
import { budgetCells, type CsvLine, LineErrors, readCsv } from './invitation-csv.ts';
import { type Invited, invite, KNOWN_MESSAGES, knownAddresses, type Sent } from './invitations.ts';
import { checkHasProject, checkMayGive, checkProjects } from './member-changes.ts';
import { ROLES, type Role } from './roles.ts';

interface Import extends Omit<Invited, 'email'> {
  csv: string;
  /** Invite whose line is good, instead of nobody where one is bad. */
  skipBad: boolean;
  acceptSeatCost: string | undefined;
}

/** Throws a 400 with `metadata.errors`, by line, where one is bad (or all are), and what `invite` throws. */
export async function importCsv(
  env: Env,
  trail: Trail,
  caller: Caller,
  asked: Import,
  nowMs: number,
): Promise<{ sent: Sent[]; errors: LineErrors['all'] }> {
  const lines = readCsv(asked.csv);
  await checkProjects(env, caller.organizationId, asked.projects);
  const errors = new LineErrors();
  const projects = await projectsOf(env, caller.organizationId);
  const read = lines.map((line) => ({ line: line.line, invited: readLine(line, asked, projects, caller, errors) }));
  const known = await knownAddresses(
    env,
    caller.organizationId,
    read.map(({ invited }) => invited),
    nowMs,
  );
  const seen = new Set<string>();
  for (const { line, invited } of read) {
    const already = known.get(invited.email);
    if (already) errors.add(line, 'email', KNOWN_MESSAGES[already]);
    if (seen.has(invited.email)) errors.add(line, 'email', 'This address is in a line before.');
    // A line that invites nobody keeps no other from inviting that address, nor does one without any.
    if (!errors.has(line)) seen.add(invited.email);
  }
  const isGood = ({ line }: { line: number }) => !errors.has(line);
  if (errors.all.length > 0 && !asked.skipBad) throw badLines(errors);
  await takeMails(env, read.filter(isGood), errors);
  const invited = read.filter(isGood).map((one) => one.invited);
  const taken = invited.map(({ email }) => email);
  const sent = await orGiveBackMails(env, 'invitation', taken, async () => {
    if (invited.length === 0 || (errors.all.length > 0 && !asked.skipBad)) throw badLines(errors);
    const { acceptSeatCost } = asked;
    return invite(env, trail, caller, invited, { acceptSeatCost, imported: true }, nowMs);
  });
  return { sent, errors: errors.all };
}

function readLine(
  line: CsvLine,
  asked: Import,
  projects: ReadonlyMap<string, readonly string[]>,
  caller: Caller,
  errors: LineErrors,
): Invited {
  const email = EMAIL.safeParse(line.cells.get('email'));
  if (!email.success) errors.add(line.line, 'email', email.error.issues[0]?.message ?? 'email is required.');
  const role = roleOf(line, asked.role, errors);
  const ids = projectIds(line, projects, errors) ?? asked.projects;
  const cells = budgetCells(line);
  const budget = BudgetBody.safeParse({ ...(Object.keys(cells).length > 0 ? NO_BUDGET : asked.budget), ...cells });
  if (!budget.success) {
    const [issue] = budget.error.issues;
    errors.add(line.line, String(issue?.path[0] ?? 'budget'), issue?.message ?? 'This is no budget.');
  }
  refusedAs(line.line, errors, () => {
    checkMayGive(caller, role);
    checkHasProject(role, caller.plan, ids);
  });
  const { newCycle: _, version: __, ...stored } = budget.data ?? { ...NO_BUDGET, newCycle: false, version: undefined };
  return { email: email.data ?? '', role, projects: ids, budget: stored };
}

function roleOf(line: CsvLine, otherwise: Role, errors: LineErrors): Role {
  const cell = line.cells.get('role') ?? '';
  if (cell === '') return otherwise;
  const role = ROLES.find((name) => name === cell && name !== 'api');
  if (!role) errors.add(line.line, 'role', 'role must be one of owner, admin, finance, developer, basic.');
  return role ?? otherwise;
}

/** Null where the line says nothing. */
function projectIds(
  line: CsvLine,
  projects: ReadonlyMap<string, readonly string[]>,
  errors: LineErrors,
): string[] | null {
  const names = (line.cells.get('projects') ?? '')
    .split(';')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) return null;
  const unknown = names.find((name) => !projects.has(name));
  if (unknown !== undefined) errors.add(line.line, 'projects', `There is no such project: ${unknown}.`);
  const shared = names.find((name) => (projects.get(name)?.length ?? 0) > 1);
  if (shared !== undefined) {
    errors.add(line.line, 'projects', `Several projects are called ${shared}: give the id.`);
  }
  return [...new Set(names.flatMap((name) => projects.get(name) ?? []))];
}

/** The ids of the organization's projects by id and by name, which several may share. */
async function projectsOf(env: Env, organizationId: string): Promise<Map<string, string[]>> {
  const { results } = await env.DB.withSession('first-primary')
    .prepare('SELECT id, name FROM projects WHERE organization_id = ?1 AND archived_at IS NULL')
    .bind(organizationId)
    .all<{ id: string; name: string }>();
  const byName = Map.groupBy(results, ({ name }) => name);
  return new Map([
    ...[...byName].map(([name, those]): [string, string[]] => [name, those.map(({ id }) => id)]),
    // Last: an id means its project, whatever another is called.
    ...results.map(({ id }): [string, string[]] => [id, [id]]),
  ]);
}

/** Each address gets a few mails an hour, by whatever way. */
async function takeMails(
  env: Env,
  read: readonly { line: number; invited: Invited }[],
  errors: LineErrors,
): Promise<void> {
  await Promise.all(
    read.map(async ({ line, invited }) => {
      const failed = (error: unknown) => refusedAs(line, errors, () => raise(error));
      await takeMail(env, 'invitation', invited.email).catch(failed);
    }),
  );
}

function raise(error: unknown): never {
  throw error;
}

/** A refusal of this line's own: what we cannot do right now is nobody's line. */
function refusedAs(line: number, errors: LineErrors, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    errors.add(line, error.param, error.message);
  }
}

function badLines(errors: LineErrors): ApiError {
  const sorted = errors.all.toSorted((a, b) => a.line - b.line);
  const [first] = sorted;
  const message = `Nobody was invited: line ${first?.line}: ${first?.message}`;
  return new ApiError(400, 'invalid_request_error', message, { param: 'csv', metadata: { errors: sorted } });
}
