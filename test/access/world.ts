/**
 * What the walk over all routes walks in: an organization with somebody of each role and one of everything that a route
 * can name, all with texts that are nowhere else, so that an answer to somebody else can be searched for them.
 *
 * Made by SQL, in one batch, because the walk makes hundreds.
 */
import { env } from 'cloudflare:workers';
import { hashPassword } from 'better-auth/crypto';
import { topUpDraft } from '../../src/billing/drafts.ts';
import { sellerOf } from '../../src/billing/seller.ts';
import { newId, randomText } from '../../src/ids.ts';
import { minorUnits } from '../../src/money/minor-units.ts';
import { providerKeySeal } from '../../src/provider-keys/seal.ts';
import { NO_BUDGET, NO_KEY_LIMITS } from '../../src/teams/budget-body.ts';
import { makeKey, sha256Hex } from '../../src/teams/keys.ts';
import type { Role } from '../../src/teams/roles.ts';
import { SELLER } from '../billing/paying.ts';
import { Outbox, PASSWORD } from '../support/browser.ts';

/** Who there is to call, by role; the developer not granted has another project. */
const ROLE_OF = {
  owner: 'owner',
  admin: 'admin',
  finance: 'finance',
  developer: 'developer',
  'developer not granted': 'developer',
  basic: 'basic',
} as const satisfies Record<string, Role>;

type Position = keyof typeof ROLE_OF;

const POSITIONS = Object.keys(ROLE_OF) as Position[];

/** What a route's parameters and bodies name, by the parameters' names where there are such. */
export interface Ids {
  orgId: string;
  /** Somebody else than the callers: a developer, granted the project. */
  memberId: string;
  /** Another owner. */
  otherOwnerId: string;
  projectId: string;
  /** That member's. */
  keyId: string;
  masterKeyId: string;
  /** Its provider is on this machine, and answers nobody. */
  providerKeyId: string;
  invitationId: string;
  /** Completed, in the month INVOICED. */
  transactionId: string;
  /** For more budget; that member's. There is one where the row says so. */
  requestId: string;
}

export interface Person {
  memberId: string;
  userId: string;
  email: string;
  name: string;
  /** A key of theirs, where their role may have one. */
  keyId: string;
  sessionId: string;
  sessionToken: string;
}

export interface World {
  ids: Ids;
  people: Record<Position, Person>;
  /** The invited: signed in, with the link's token. */
  invited: Person;
  invitationToken: string;
  masterKey: string;
  apiKey: string;
  /** Everything that nobody elsewhere may read: ids, names, addresses, amounts. */
  planted: string[];
  /** Of these, the names and addresses of people. */
  names: string[];
}

/** Where mail goes, anybody may sign up, and there is a provider: so that every route can be asked for something that works. */
export const OUTBOX = new Outbox({
  OPEN_SIGN_UP: '1',
  GITHUB_CLIENT_ID: 'client',
  GITHUB_CLIENT_SECRET: 'planted-github-secret',
  ...SELLER,
});

export const INVOICED = '2026-10';

let passwordHash: Promise<string> | null = null;

/** A text that is nowhere else. */
const unique = (what: string) => `${what}-${randomText(16)}`;

/** An amount that is nowhere else, as the API writes it. */
const uniqueAmount = () =>
  `${crypto.getRandomValues(new Uint32Array(1))[0] ?? 0}`.slice(0, 5).padStart(5, '7').concat('.137');

/** The id under which somebody has made a request. */
export function requestOfPerson({ memberId }: Pick<Person, 'memberId'>): string {
  return `req_of_${memberId}`;
}

/** Makes one. */
export async function makeWorld(): Promise<World> {
  passwordHash ??= hashPassword(PASSWORD);
  const hash = await passwordHash;
  const ids: Ids = {
    orgId: newId('org'),
    memberId: newId('mem'),
    otherOwnerId: newId('mem'),
    projectId: newId('prj'),
    keyId: newId('key'),
    masterKeyId: newId('mky'),
    providerKeyId: newId('pvk'),
    invitationId: newId('inv'),
    transactionId: newId('txn'),
    requestId: `brq_${randomText(16)}`,
  };
  const statements: D1PreparedStatement[] = [];
  const sql = (text: string, ...values: (string | number | null)[]) =>
    statements.push(env.DB.prepare(text).bind(...values));
  const planted = new Set<string>(Object.values(ids));
  const plant = (text: string) => {
    planted.add(text);
    return text;
  };
  const names: string[] = [];

  const address = plant(unique('Street'));
  sql(
    `INSERT INTO organizations (id, name, kind, plan, time_zone, created_at, billing_details) VALUES (?, ?, 'team', 'enterprise', 'UTC', ?, ?)`,
    ids.orgId,
    plant(unique('Organization')),
    Date.now(),
    JSON.stringify({ name: 'B', email: '', address, country: '', taxId: '' }),
  );
  const otherProjectId = plant(newId('prj'));
  for (const id of [ids.projectId, otherProjectId]) {
    sql(
      'INSERT INTO projects (id, organization_id, name, created_at) VALUES (?, ?, ?, 0)',
      id,
      ids.orgId,
      plant(unique('Project')),
    );
  }

  const insertUser = async (label: string) => {
    const userId = plant(newId('usr'));
    const name = plant(unique(label));
    const email = plant(`${userId.slice(4)}@${label}.example`);
    names.push(name, email);
    const sessionId = newId('ses');
    const sessionToken = randomText(32);
    sql(
      'INSERT INTO users (id, name, email, email_verified, created_at, updated_at) VALUES (?, ?, ?, 1, 0, 0)',
      userId,
      name,
      email,
    );
    sql(
      `INSERT INTO accounts (id, user_id, provider_id, account_id, password, created_at, updated_at)
       VALUES (?, ?, 'credential', ?, ?, 0, 0)`,
      newId('acc'),
      userId,
      userId,
      hash,
    );
    const nowMs = Date.now();
    sql(
      'INSERT INTO sessions (id, user_id, token, created_at, updated_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
      sessionId,
      userId,
      sessionToken,
      nowMs,
      nowMs,
      nowMs + 3_600_000,
    );
    return { userId, name, email, sessionId, sessionToken };
  };
  const insertMember = (id: string, userId: string | null, name: string, role: Role, amount: string) =>
    sql(
      'INSERT INTO members (id, organization_id, user_id, name, role, created_at, budget) VALUES (?, ?, ?, ?, ?, 0, ?)',
      id,
      ids.orgId,
      userId,
      name,
      role,
      JSON.stringify({ ...NO_BUDGET, usageLimit: plant(amount) }),
    );
  const insertKey = async (id: string, memberId: string, projectId: string) => {
    const key = await makeKey('api', memberId, env.KEY_SECRET);
    sql(
      `INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?, 0)`,
      plant(id),
      ids.orgId,
      projectId,
      memberId,
      plant(unique('Key')),
      key.hash,
      plant(key.masked),
      JSON.stringify({ ...NO_KEY_LIMITS, usageLimit: plant(uniqueAmount()) }),
    );
    return key.secret;
  };
  const grant = (memberId: string, projectId: string) =>
    sql('INSERT INTO project_grants (member_id, project_id) VALUES (?, ?)', memberId, projectId);

  const insertPerson = async (label: string, role: Role, memberId: string, keyId: string, projectId: string) => {
    const user = await insertUser(label);
    insertMember(plant(memberId), user.userId, user.name, role, uniqueAmount());
    const secret = role === 'finance' || role === 'basic' ? '' : await insertKey(keyId, memberId, projectId);
    if (role === 'developer') grant(memberId, projectId);
    return { person: { ...user, memberId, keyId }, secret };
  };
  /** A request that somebody made, of no cost: no ledger knows of it, and the books agree all the same. */
  const insertRequest = (requestId: string, memberId: string, keyId: string, projectId: string) =>
    sql(
      `INSERT INTO usage_events (
         organization_id, member_id, n, attempt_id, request_id, project_id, key_id, endpoint, mapping, canonical_model,
         provider, app, outcome, requests, opened_at, settled_at, input_tokens, cached_tokens, output_tokens,
         reasoning_tokens, cost, input_cost, output_cost, overrun, unresolved, price_version, estimated, streamed
       )
       VALUES (?, ?, 1, ?, ?, ?, ?, 'chat/completions', 'demo/words', 'demo-words', 'demo', ?, 'completed', 1, ?, ?,
               1, 0, 1, 0, 0, 0, 0, 0, 0, 'demo@0', 0, 0)`,
      ids.orgId,
      memberId,
      plant(`att_${randomText(24)}`),
      plant(requestId),
      projectId,
      keyId,
      plant(unique('app')),
      Date.now(),
      Date.now(),
    );
  const entries = await Promise.all(
    POSITIONS.map(async (position): Promise<[Position, Person]> => {
      const projectId = position === 'developer not granted' ? otherProjectId : ids.projectId;
      const label = position.replaceAll(' ', '-');
      const { person } = await insertPerson(label, ROLE_OF[position], newId('mem'), newId('key'), projectId);
      insertRequest(requestOfPerson(person), person.memberId, person.keyId, projectId);
      return [position, person];
    }),
  );
  const { secret: apiKey } = await insertPerson('target', 'developer', ids.memberId, ids.keyId, ids.projectId);
  insertRequest(ids.requestId, ids.memberId, ids.keyId, ids.projectId);
  await insertPerson('other-owner', 'owner', ids.otherOwnerId, newId('key'), ids.projectId);

  const masterKey = await makeKey('master', ids.orgId, env.KEY_SECRET);
  const otherMasterKey = await makeKey('master', ids.orgId, env.KEY_SECRET);
  for (const [id, { hash, masked }] of [
    [newId('mky'), masterKey],
    [ids.masterKeyId, otherMasterKey],
  ] as const) {
    sql(
      'INSERT INTO master_keys (id, organization_id, name, hash, masked, created_at) VALUES (?, ?, ?, ?, ?, 0)',
      plant(id),
      ids.orgId,
      plant(unique('Master')),
      hash,
      plant(masked),
    );
  }

  const seal = await providerKeySeal(env);
  const of = { organizationId: ids.orgId, id: ids.providerKeyId };
  sql(
    `INSERT INTO provider_keys
       (id, organization_id, provider, slug, name, base_url, settings, models, sealed, masked, created_at, created_by)
     VALUES (?, ?, 'custom', 'acme', ?, ?, '{}', ?, ?, '…', 0, ?)`,
    ids.providerKeyId,
    ids.orgId,
    plant(unique('Provider')),
    `http://127.0.0.1:9/${plant(unique('path'))}`,
    JSON.stringify([
      {
        name: plant(unique('model')),
        serves: ['conversation'],
        contextTokens: 1_000,
        maxOutputTokens: 100,
        reasoning: false,
        inputPrice: null,
        cachedInputPrice: null,
        outputPrice: null,
      },
    ]),
    (await seal?.seal(plant(unique('provider-secret')), of)) ?? '',
    ids.otherOwnerId,
  );

  const number = plant(unique('Invoice'));
  const buyer = { name: 'B', addressLines: [address], country: { code: '', name: '' }, taxId: null, email: null };
  const payment = {
    organizationId: ids.orgId,
    buyer,
    currency: 'USD',
    paidThrough: 'manual',
    reference: null,
  } as const;
  const { snapshot } = topUpDraft({ ...payment, seller: sellerOf(OUTBOX.env) }, minorUnits(12_345));
  sql(
    `INSERT INTO transactions (
       id, organization_id, kind, status, currency, total, credit, snapshot, number, issued, paid_through, reference,
       created_at, completed_at
     )
     VALUES (?, ?, 'top_up', 'completed', 'USD', 12345, 0, ?, ?, ?, 'manual', ?, 0, 0)`,
    ids.transactionId,
    ids.orgId,
    JSON.stringify(snapshot),
    number,
    `${INVOICED}-05`,
    plant(unique('reference')),
  );

  const guest = await insertUser('guest');
  const invitationToken = randomText(32);
  sql(
    `INSERT INTO invitations (id, organization_id, email, role, project_ids, budget, created_at, expires_at, token_hash)
     VALUES (?, ?, ?, 'basic', '[]', ?, ?, ?, ?)`,
    ids.invitationId,
    ids.orgId,
    guest.email,
    JSON.stringify({ ...NO_BUDGET, usageLimit: plant(uniqueAmount()) }),
    Date.now(),
    Date.now() + 3_600_000,
    await sha256Hex(invitationToken),
  );
  await env.DB.batch(statements);
  return {
    ids,
    people: Object.fromEntries(entries) as Record<Position, Person>,
    invited: { ...guest, memberId: '', keyId: '' },
    invitationToken,
    masterKey: masterKey.secret,
    apiKey,
    planted: [...planted],
    names,
  };
}
