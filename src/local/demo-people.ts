/**
 * Who is in the demo: three organizations, their people, projects and keys, and what each key is used for. Data only;
 * demo-usage.ts makes a year of usage of it and demo-data.ts writes it down. Everybody is invented.
 *
 * The admin also owns the free team and the basic member has the personal organization, so that one sign-in per role
 * reaches all three.
 */
import { NO_BUDGET, NO_KEY_LIMITS, type StoredBudget, type StoredKeyLimits } from '../teams/budget-body.ts';
import type { BillingDetails } from '../teams/organization.ts';
import type { Plan, Role } from '../teams/roles.ts';
import { cheapJob, claudeCode, codex, cursor, type Habit, openWebUi, pythonSdk, translation } from './demo-habits.ts';
import { demoId } from './demo-random.ts';

export interface DemoOrganization {
  id: string;
  name: string;
  kind: 'personal' | 'team';
  plan: Plan;
  timeZone: string;
  billingDetails: BillingDetails | null;
  projects: DemoProject[];
  members: DemoMember[];
  invitations: DemoInvitation[];
}

interface DemoProject {
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

interface DemoInvitation {
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
  billingDetails: {
    name: 'Acme Robotics AB',
    email: 'invoices@example.com',
    address: 'Lötgatan 14\n172 30 Sundbyberg',
    country: 'Sweden',
    taxId: 'SE556677889901',
  },
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
          habits: [{ ...pythonSdk, app: 'manual-translator', perDay: 22, models: translation }],
        },
        {
          name: 'Translator, staging',
          projectId: support.id,
          madeDaysAgo: 120,
          limits: { usageLimit: '5' },
          habits: [{ ...pythonSdk, app: 'manual-translator', schedule: 'office', perDay: 3, models: translation }],
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

const CLUB = 'Harbour Robot Club';
const lineFollower = project(CLUB, 'Line follower');

const club: DemoOrganization = {
  id: demoId('org', CLUB),
  name: CLUB,
  kind: 'team',
  plan: 'free',
  timeZone: 'Europe/Madrid',
  billingDetails: null,
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
          habits: [{ ...pythonSdk, schedule: 'evening', perDay: 4, models: cheapJob }],
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
  billingDetails: null,
  projects: [playground],
  members: [
    member(TOM, {
      name: 'Tom Becker',
      email: 'tom.becker@example.com',
      role: 'owner',
      keys: [{ name: 'Home', projectId: playground.id, habits: [{ ...openWebUi, schedule: 'evening', perDay: 3 }] }],
    }),
  ],
  invitations: [],
};

/** The enterprise team comes first; demo.json tells of that one. */
export const DEMO_ORGANIZATIONS: readonly [DemoOrganization, ...DemoOrganization[]] = [acme, club, personal];
