/**
 * The demo that a first start shows: people, keys and a year of usage, written into a fresh, migrated D1.
 *
 * Called once, by the start script in Node and by tests in workerd, so it knows nothing but D1. Everything is one
 * transaction, so that a start that dies leaves no half demo; then the real rollUp does what the cron would. Events
 * past the retention exist only as rollups and in the ledgers, as they would after a year. Objects learn of all this by
 * their opening (src/usage/opening.ts), so their state must be as fresh as D1.
 *
 * The same `nowMs` makes the same demo, save its secrets: keys and passwords are new in each, and stored nowhere.
 */
import { hashPassword } from 'better-auth/crypto';
import { newId, randomText } from '../ids.ts';
import { DAY_MS, LIMITS } from '../limits.ts';
import { makeKey, type NewKey } from '../teams/keys.ts';
import type { Role } from '../teams/roles.ts';
import { rollUp } from '../usage/rollups.ts';
import type { EventRow } from '../usage/sums.ts';
import { insertAudit } from './demo-audit.ts';
import { DEMO_ORGANIZATIONS, type DemoKey, type DemoMember } from './demo-people.ts';
import { demoId } from './demo-random.ts';
import { insertRows, type Row } from './demo-rows.ts';
import { shippedStatusOf } from './demo-status.ts';
import { ledgersOf, rollupsOf } from './demo-sums.ts';
import { insertTransactions } from './demo-transactions.ts';
import { type DemoEvent, demoUsage } from './demo-usage.ts';

interface SignIn {
  email: string;
  password: string;
}

/** What `<data>/demo.json` tells besides the base URL; all of it is of the enterprise team. */
export interface DemoAccount {
  organizationId: string;
  /** The project of `apiKey`, one of the two granted to its developer. */
  projectId: string;
  /** A developer's, without any limit, so that a newcomer's first request is served. */
  apiKey: string;
  memberId: string;
  masterKey: string;
  owner: SignIn;
  /** One for each role that signs in. */
  signIns: ({ role: Role } & SignIn)[];
}

export interface DemoOptions {
  /** The deployment's KEY_SECRET. */
  keySecret: string;
  /** The end of the year of usage, epoch ms. */
  nowMs: number;
}

/** Writes the demo and answers with its secrets. Throws where the database has been seeded before. */
export async function seedDemo(db: D1Database, { keySecret, nowMs }: DemoOptions): Promise<DemoAccount> {
  const [team] = DEMO_ORGANIZATIONS;
  const keys = new Map<DemoKey, NewKey>();
  for (const member of DEMO_ORGANIZATIONS.flatMap(({ members }) => members)) {
    for (const key of member.keys) keys.set(key, await makeKey('api', member.id, keySecret));
  }
  const masterKey = await makeKey('master', team.id, keySecret);

  const signIns = team.members.flatMap(({ role, email }) =>
    email === null ? [] : [{ role, email, password: newPassword() }],
  );

  const events = demoUsage(nowMs);
  const statements = [
    ...insertPeople(db, { keys, masterKey, events, nowMs }),
    ...(await insertSignIns(db, signIns, nowMs)),
    ...insertUsage(db, events, nowMs),
    ...insertTransactions(db, nowMs),
    ...insertAudit(db, nowMs),
  ];
  await catchUp();
  await db.batch(statements);
  const { waiting } = await rollUp(db, nowMs);
  if (waiting > 0) throw new Error(`${waiting} events of the demo were not rolled up`);

  const developer = team.members.find(({ role }) => role === 'developer');
  const [developerKey] = developer?.keys ?? [];
  const apiKey = developerKey && keys.get(developerKey);
  const owner = signIns.find(({ role }) => role === 'owner');
  if (!developer || !developerKey || !apiKey || !owner) throw new Error('the demo team lacks a developer or an owner');
  return {
    organizationId: team.id,
    projectId: developerKey.projectId,
    apiKey: apiKey.secret,
    memberId: developer.id,
    masterKey: masterKey.secret,
    owner: { email: owner.email, password: owner.password },
    signIns,
  };
}

/**
 * Lets the event loop do what has come due. Making the year of usage holds it up for seconds; meanwhile the idle connection to D1, which
 * Node would have closed after one, is closed by workerd after five, and what is sent into it unawares is lost ("other side closed").
 * The first turn runs the timers that are due, the second comes after what was received.
 */
async function catchUp(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** What lets people sign in by password, as src/sign-in/sign-up.ts writes it. */
async function insertSignIns(
  db: D1Database,
  signIns: readonly SignIn[],
  nowMs: number,
): Promise<D1PreparedStatement[]> {
  const rows = signIns.map(async ({ email, password }) => ({
    id: newId('acc'),
    user_id: userIdOf({ email }),
    provider_id: 'credential',
    account_id: userIdOf({ email }),
    password: await hashPassword(password),
    created_at: nowMs,
    updated_at: nowMs,
  }));
  return insertRows(db, 'accounts', await Promise.all(rows));
}

/** 60 random bits, to be typed by hand: letters and digits that nobody mixes up. */
function newPassword(): string {
  return [randomText(4), randomText(4), randomText(4)].join('-');
}

interface Made {
  keys: ReadonlyMap<DemoKey, NewKey>;
  masterKey: NewKey;
  events: readonly DemoEvent[];
  nowMs: number;
}

function insertPeople(db: D1Database, { keys, masterKey, events, nowMs }: Made): D1PreparedStatement[] {
  const ago = (days: number) => nowMs - days * DAY_MS;
  // They come in the order of their instants.
  const lastUsed = new Map(events.map(({ keyId, settledAtMs }) => [keyId, settledAtMs]));
  const members = DEMO_ORGANIZATIONS.flatMap((organization) =>
    organization.members.map((member) => ({ ...member, organizationId: organization.id })),
  );
  // One person may be a member of several organizations.
  const users = new Map(members.flatMap((member) => (member.email === null ? [] : [[member.email, member]])));
  return [
    ...insertRows(
      db,
      'users',
      [...users.values()].map(({ name, email, joinedDaysAgo }) => ({
        id: userIdOf({ email }),
        name,
        email,
        email_verified: 1,
        created_at: ago(joinedDaysAgo),
        updated_at: ago(joinedDaysAgo),
      })),
    ),
    ...insertRows(
      db,
      'organizations',
      DEMO_ORGANIZATIONS.map(({ id, name, kind, plan, timeZone, billingDetails, members }) => ({
        id,
        name,
        kind,
        plan,
        time_zone: timeZone,
        billing_details: billingDetails && JSON.stringify(billingDetails),
        created_at: ago(Math.max(...members.map(({ joinedDaysAgo }) => joinedDaysAgo))),
      })),
    ),
    ...insertRows(
      db,
      'projects',
      DEMO_ORGANIZATIONS.flatMap((organization) =>
        organization.projects.map(({ id, name }) => ({
          id,
          organization_id: organization.id,
          name,
          created_at: ago(Math.max(...organization.members.map(({ joinedDaysAgo }) => joinedDaysAgo))),
        })),
      ),
    ),
    ...insertRows(
      db,
      'members',
      members.map((member) => ({
        id: member.id,
        organization_id: member.organizationId,
        user_id: userIdOf(member),
        name: member.name,
        role: member.role,
        created_at: ago(member.joinedDaysAgo),
        budget: JSON.stringify(member.budget),
        budget_cycle: member.budgetCycle,
      })),
    ),
    ...insertRows(
      db,
      'project_grants',
      members.flatMap(({ id, granted }) => granted.map((projectId) => ({ member_id: id, project_id: projectId }))),
    ),
    ...insertRows(
      db,
      'api_keys',
      members.flatMap((member) =>
        member.keys.map((key) => ({
          id: key.id,
          organization_id: member.organizationId,
          project_id: key.projectId,
          member_id: member.id,
          name: key.name,
          hash: keys.get(key)?.hash ?? null,
          masked: keys.get(key)?.masked ?? null,
          status: key.disabledDaysAgo === null ? 'active' : 'disabled',
          limits: JSON.stringify(key.limits),
          created_at: ago(key.madeDaysAgo),
          last_used_at: lastUsed.get(key.id) ?? null,
        })),
      ),
    ),
    ...insertRows(db, 'master_keys', [
      {
        id: demoId('mky', masterKey.ownerId),
        organization_id: masterKey.ownerId,
        name: 'Demo',
        hash: masterKey.hash,
        masked: masterKey.masked,
        created_at: nowMs,
      },
    ]),
    ...insertRows(
      db,
      'invitations',
      DEMO_ORGANIZATIONS.flatMap((organization) =>
        organization.invitations.map((invitation) => ({
          id: invitation.id,
          organization_id: organization.id,
          email: invitation.email,
          role: invitation.role,
          project_ids: JSON.stringify(invitation.projectIds),
          budget: JSON.stringify(invitation.budget),
          created_at: ago(invitation.sentDaysAgo),
          expires_at: ago(invitation.sentDaysAgo - INVITATION_DAYS),
        })),
      ),
    ),
  ];
}

/** How long an invitation may be accepted. */
const INVITATION_DAYS = 30;

function userIdOf({ email }: Pick<DemoMember, 'email'>): string | null {
  return email === null ? null : demoId('usr', email);
}

function insertUsage(db: D1Database, events: readonly DemoEvent[], nowMs: number): D1PreparedStatement[] {
  const isKept = (event: DemoEvent) => event.settledAtMs >= nowMs - LIMITS.eventRetentionMs;
  const past = rollupsOf(events.filter((event) => !isKept(event)).map(eventRow));
  const byMember = Map.groupBy(events, ({ memberId }) => memberId);
  const ledgers = new Map(ledgersOf(events).map((ledger) => [ledger.memberId, ledger]));
  return [
    ...insertRows(
      db,
      'member_ledgers',
      DEMO_ORGANIZATIONS.flatMap(({ id, timeZone, members }) =>
        members.map((member) => ({
          member_id: member.id,
          organization_id: id,
          shipped: ledgers.get(member.id)?.shipped ?? 0,
          cost: ledgers.get(member.id)?.cost ?? 0,
          requests: ledgers.get(member.id)?.requests ?? 0,
          overrun: 0,
          unresolved: 0,
          status: JSON.stringify(shippedStatusOf(member, timeZone, byMember.get(member.id) ?? [], nowMs)),
        })),
      ),
    ),
    ...insertRows(db, 'usage_dimensions', past.dimensions),
    ...insertRows(db, 'usage_rollups', past.facts),
    ...insertRows(db, 'usage_series', past.series),
    ...insertRows(db, 'usage_totals', past.totals),
    ...insertRows(db, 'member_days', past.days),
    ...insertRows(db, 'usage_events', events.filter(isKept).map(eventRow)),
  ];
}

function eventRow(event: DemoEvent): Row & EventRow {
  return {
    organization_id: event.organizationId,
    member_id: event.memberId,
    n: event.n,
    attempt_id: event.attemptId,
    request_id: event.requestId,
    project_id: event.projectId,
    key_id: event.keyId,
    endpoint: event.endpoint,
    mapping: event.mapping,
    canonical_model: event.canonicalModel,
    provider: event.provider,
    app: event.app,
    outcome: event.outcome,
    refusal: event.refusal,
    requests: event.requests,
    opened_at: event.openedAtMs,
    settled_at: event.settledAtMs,
    input_tokens: event.inputTokens,
    cached_tokens: event.cachedTokens,
    output_tokens: event.outputTokens,
    reasoning_tokens: event.reasoningTokens,
    cost: event.costNanos,
    input_cost: event.inputCostNanos,
    output_cost: event.outputCostNanos,
    overrun: event.overrunNanos,
    unresolved: event.unresolvedNanos,
    price_version: event.priceVersion,
    estimated: event.estimated ? 1 : 0,
    streamed: event.streamed ? 1 : 0,
    latency_ms: event.latencyMs,
    first_token_ms: event.firstTokenMs,
  };
}
