/**
 * Who is in the demo: three organizations, their people, projects and keys, and what each key is used for. Data only;
 * demo-usage.ts makes a year of usage of it and demo-data.ts writes it down. Everybody is invented.
 *
 * The admin also owns the free team and the basic member has the personal organization, so that one sign-in per role
 * reaches all three.
 */
import { NO_BUDGET, NO_KEY_LIMITS, type StoredBudget, type StoredKeyLimits } from '../teams/budget-body.ts';
import type { Plan, Role } from '../teams/roles.ts';
import { demoId } from './demo-random.ts';

export interface DemoOrganization {
  id: string;
  name: string;
  kind: 'personal' | 'team';
  plan: Plan;
  timeZone: string;
  projects: DemoProject[];
  members: DemoMember[];
  invitations: DemoInvitation[];
}

export interface DemoProject {
  id: string;
  name: string;
}

export interface DemoMember {
  id: string;
  name: string;
  /** Null for an API-only member. */
  email: string | null;
  role: Role;
  joinedDaysAgo: number;
  budget: StoredBudget;
  budgetCycle: number;
  /** Ids of granted projects; only scoped roles have any. */
  granted: string[];
  keys: DemoKey[];
}

export interface DemoKey {
  id: string;
  name: string;
  projectId: string;
  madeDaysAgo: number;
  /** Since when it is disabled, or null. */
  disabledDaysAgo: number | null;
  limits: StoredKeyLimits;
  habits: Habit[];
}

/** What one app does with a key. */
export interface Habit {
  app: string;
  endpoint: 'chat/completions' | 'messages' | 'responses';
  /** When it runs: in office hours, in the evening, or around the clock. */
  schedule: 'office' | 'evening' | 'always';
  /** An agent sends a long, mostly cached context; a chat some messages; a job one document. */
  size: 'agent' | 'chat' | 'job';
  streamed: boolean;
  /** Requests on a weekday at the end of the year. */
  perDay: number;
  models: ModelShare[];
}

/** A pinned model and how much of a habit it gets, between two ages of a request where given. */
export interface ModelShare {
  mapping: string;
  share: number;
  fromDaysAgo?: number;
  untilDaysAgo?: number;
}

export interface DemoInvitation {
  id: string;
  email: string;
  role: Role;
  projectIds: string[];
  budget: StoredBudget;
  sentDaysAgo: number;
}

/** How long ago all that has been there from the start was made: before the year of usage. */
const FROM_THE_START = 370;

const project = (organization: string, name: string): DemoProject => ({
  id: demoId('prj', `${organization}/${name}`),
  name,
});

const month = (periodUsageLimit: string) =>
  ({
    periodUsageLimit,
    periodUsageDurationValue: 1,
    periodUsageDurationUnit: 'month',
    periodAlignment: 'rolling',
  }) as const;

const week = (periodUsageLimit: string) => ({ ...month(periodUsageLimit), periodUsageDurationUnit: 'week' }) as const;

type MemberParts = Pick<DemoMember, 'name' | 'email' | 'role'> &
  Partial<Omit<DemoMember, 'budget' | 'keys'>> & { budget?: Partial<StoredBudget>; keys?: KeyParts[] };

type KeyParts = Pick<DemoKey, 'name' | 'projectId' | 'habits'> &
  Partial<Omit<DemoKey, 'limits'>> & { limits?: Partial<StoredKeyLimits> };

/** A member with what its parts leave out: no limits, no keys, there from the start. */
function member(organization: string, { budget, keys = [], ...parts }: MemberParts): DemoMember {
  const name = `${organization}/${parts.name}`;
  return {
    id: demoId('mem', name),
    joinedDaysAgo: FROM_THE_START,
    budgetCycle: 0,
    granted: [],
    ...parts,
    budget: { ...NO_BUDGET, ...budget },
    keys: keys.map(({ limits, ...key }) => ({
      id: demoId('key', `${name}/${key.name}`),
      madeDaysAgo: parts.joinedDaysAgo ?? FROM_THE_START,
      disabledDaysAgo: null,
      ...key,
      limits: { ...NO_KEY_LIMITS, ...limits },
    })),
  };
}

const claudeCode: Omit<Habit, 'perDay'> = {
  app: 'claude-code',
  endpoint: 'messages',
  schedule: 'office',
  size: 'agent',
  streamed: true,
  models: [
    { mapping: 'anthropic/claude-sonnet-5', share: 8 },
    { mapping: 'anthropic/claude-fable-5', share: 1, untilDaysAgo: 0, fromDaysAgo: 160 },
  ],
};

const codex: Omit<Habit, 'perDay'> = {
  app: 'codex',
  endpoint: 'responses',
  schedule: 'office',
  size: 'agent',
  streamed: true,
  models: [
    { mapping: 'openai/gpt-5.1', share: 5, untilDaysAgo: 240 },
    { mapping: 'openai/gpt-5.4', share: 5, fromDaysAgo: 240, untilDaysAgo: 110 },
    { mapping: 'openai/gpt-5.6-sol', share: 4, fromDaysAgo: 110 },
    { mapping: 'openai/gpt-5-mini', share: 2 },
  ],
};

const cursor: Omit<Habit, 'perDay'> = {
  app: 'cursor',
  endpoint: 'chat/completions',
  schedule: 'office',
  size: 'agent',
  streamed: true,
  models: [
    { mapping: 'anthropic/claude-sonnet-5', share: 3 },
    { mapping: 'openai/gpt-4.1', share: 2, untilDaysAgo: 150 },
    { mapping: 'openai/gpt-5.4-mini', share: 3, fromDaysAgo: 150 },
  ],
};

const openWebUi: Omit<Habit, 'perDay'> = {
  app: 'open-webui',
  endpoint: 'chat/completions',
  schedule: 'office',
  size: 'chat',
  streamed: true,
  models: [
    { mapping: 'openai/gpt-4o', share: 2, untilDaysAgo: 200 },
    { mapping: 'openai/gpt-5.5', share: 2, fromDaysAgo: 200 },
    { mapping: 'openai/gpt-4o-mini', share: 3 },
  ],
};

const pythonSdk: Omit<Habit, 'perDay'> = {
  app: 'python-sdk',
  endpoint: 'chat/completions',
  schedule: 'always',
  size: 'job',
  streamed: false,
  models: [
    { mapping: 'openai/gpt-5.4', share: 2 },
    { mapping: 'openai/o4-mini', share: 1, untilDaysAgo: 90 },
    { mapping: 'openai/gpt-5.6-terra', share: 1, fromDaysAgo: 90 },
    { mapping: 'anthropic/claude-sonnet-5', share: 1 },
  ],
};

const ACME = 'Acme Robotics';
const fleet = project(ACME, 'Fleet control');
const vision = project(ACME, 'Warehouse vision');
const support = project(ACME, 'Support assistant');
const tools = project(ACME, 'Internal tools');

const acme: DemoOrganization = {
  id: demoId('org', ACME),
  name: ACME,
  kind: 'team',
  plan: 'enterprise',
  timeZone: 'Europe/Stockholm',
  projects: [fleet, vision, support, tools],
  members: [
    member(ACME, {
      name: 'Ingrid Solberg',
      email: 'ingrid.solberg@example.com',
      role: 'owner',
      keys: [
        {
          name: 'Notebook',
          projectId: tools.id,
          habits: [
            { ...openWebUi, perDay: 9 },
            { ...cursor, perDay: 8 },
          ],
        },
        {
          name: 'Support in production',
          projectId: support.id,
          limits: month('200'),
          habits: [
            {
              ...pythonSdk,
              app: 'support-assistant',
              size: 'chat',
              streamed: true,
              perDay: 30,
              models: [
                { mapping: 'openai/gpt-5-mini', share: 3 },
                { mapping: 'openai/gpt-6-luna', share: 3, fromDaysAgo: 60 },
                { mapping: 'openai/gpt-4.1-nano', share: 1 },
              ],
            },
          ],
        },
      ],
    }),
    member(ACME, {
      name: 'Mateo Alvarez',
      email: 'mateo.alvarez@example.com',
      role: 'admin',
      budget: month('250'),
      keys: [
        { name: 'Workstation', projectId: tools.id, habits: [{ ...codex, perDay: 24 }] },
        {
          name: 'Evaluation runs',
          projectId: vision.id,
          madeDaysAgo: 290,
          limits: week('40'),
          habits: [{ ...pythonSdk, perDay: 18 }],
        },
      ],
    }),
    member(ACME, { name: 'Priya Nair', email: 'priya.nair@example.com', role: 'finance' }),
    member(ACME, {
      // The one whose key is in demo.json: nobody's first request may meet a limit, so there is none.
      name: 'Lena Fischer',
      email: 'lena.fischer@example.com',
      role: 'developer',
      granted: [fleet.id, vision.id],
      keys: [
        {
          name: 'Laptop',
          projectId: fleet.id,
          madeDaysAgo: 205,
          habits: [
            { ...claudeCode, perDay: 38 },
            { ...cursor, perDay: 14 },
          ],
        },
        { name: 'Old laptop', projectId: fleet.id, disabledDaysAgo: 204, habits: [{ ...claudeCode, perDay: 52 }] },
        { name: 'CI', projectId: vision.id, limits: week('75'), habits: [{ ...codex, perDay: 16 }] },
      ],
    }),
    member(ACME, {
      name: 'Tom Becker',
      email: 'tom.becker@example.com',
      role: 'basic',
      joinedDaysAgo: 180,
      // One-time: a cycle began with it.
      budget: { usageLimit: '25', usageLimitBasis: 'cycle' },
      budgetCycle: 1,
    }),
    member(ACME, {
      name: 'Contractor: manual translation',
      email: null,
      role: 'api',
      joinedDaysAgo: 210,
      budget: { usageLimit: '50', usageLimitBasis: 'lifetime', maxApiKeys: 2 },
      granted: [support.id],
      keys: [
        {
          name: 'Translator',
          projectId: support.id,
          limits: { usageLimit: '45' },
          habits: [{ ...pythonSdk, app: 'manual-translator', perDay: 22, models: [...cheapJob()] }],
        },
        {
          name: 'Translator, staging',
          projectId: support.id,
          madeDaysAgo: 120,
          limits: { usageLimit: '5' },
          habits: [{ ...pythonSdk, app: 'manual-translator', schedule: 'office', perDay: 3, models: [...cheapJob()] }],
        },
      ],
    }),
  ],
  invitations: [
    {
      id: demoId('inv', `${ACME}/Sofia Lindqvist`),
      email: 'sofia.lindqvist@example.com',
      role: 'developer',
      projectIds: [support.id, tools.id],
      budget: { ...NO_BUDGET, ...month('60') },
      sentDaysAgo: 3,
    },
  ],
};

function cheapJob(): ModelShare[] {
  return [
    { mapping: 'openai/gpt-5.4-mini', share: 2 },
    { mapping: 'openai/gpt-5.4-nano', share: 3 },
  ];
}

const CLUB = 'Harbour Robot Club';
const lineFollower = project(CLUB, 'Line follower');

const club: DemoOrganization = {
  id: demoId('org', CLUB),
  name: CLUB,
  kind: 'team',
  plan: 'free',
  timeZone: 'Europe/Madrid',
  projects: [lineFollower],
  members: [
    member(CLUB, {
      name: 'Mateo Alvarez',
      email: 'mateo.alvarez@example.com',
      role: 'owner',
      keys: [
        {
          name: 'Club laptop',
          projectId: lineFollower.id,
          habits: [{ ...cursor, schedule: 'evening', perDay: 3 }],
        },
      ],
    }),
    member(CLUB, {
      name: 'Oskar Lindgren',
      email: 'oskar.lindgren@example.com',
      role: 'developer',
      joinedDaysAgo: 220,
      budget: week('5'),
      keys: [
        {
          name: 'Workbench',
          projectId: lineFollower.id,
          habits: [{ ...pythonSdk, schedule: 'evening', perDay: 4, models: [...cheapJob()] }],
        },
      ],
    }),
  ],
  invitations: [],
};

const TOM = 'Tom Becker';
const playground = project(TOM, 'Weekend projects');

const personal: DemoOrganization = {
  id: demoId('org', TOM),
  name: TOM,
  kind: 'personal',
  plan: 'free',
  timeZone: 'Europe/Stockholm',
  projects: [playground],
  members: [
    member(TOM, {
      name: 'Tom Becker',
      email: 'tom.becker@example.com',
      role: 'owner',
      keys: [
        { name: 'Home', projectId: playground.id, habits: [{ ...openWebUi, schedule: 'evening', perDay: 3 }] },
      ],
    }),
  ],
  invitations: [],
};

/** The enterprise team comes first; demo.json tells of that one. */
export const DEMO_ORGANIZATIONS: readonly [DemoOrganization, ...DemoOrganization[]] = [acme, club, personal];
