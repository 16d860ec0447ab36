/**
 * A year of plausible usage: one list of usage events, priced by the real tables.
 *
 * Deterministic by `nowMs`. Chance only decides counts, instants and sizes, always as whole numbers; what a request cost
 * comes from costParts. No event is settled after `nowMs`.
 */
import type { UsageEvent } from '../budgets/usage-event.ts';
import { CATALOGUE_MAPPINGS, type Mapping } from '../models/catalogue.ts';
import { type CostParts, costParts, NO_USAGE, type Usage } from '../money/cost.ts';
import { ZERO } from '../money/nanos.ts';
import { priceAt } from '../money/price.ts';
import { localDays, type Span, today } from '../usage/time-zones.ts';
import type { Habit, ModelShare } from './demo-habits.ts';
import { DEMO_ORGANIZATIONS, type DemoKey } from './demo-people.ts';
import { demoAttemptId, demoRequestId, SeededRandom } from './demo-random.ts';

export interface DemoEvent extends UsageEvent {
  organizationId: string;
  memberId: string;
}

const DEMO_DAYS = 365;

const MINUTE_MS = 60_000;

const MAPPINGS = new Map(CATALOGUE_MAPPINGS.map((mapping) => [mapping.id, mapping]));

/** Minutes after midnight between which a habit runs, and how much of a weekday's load a weekend's day has. */
const SCHEDULES = {
  office: { from: 8 * 60, to: 18 * 60 + 30, weekend: 0.18 },
  evening: { from: 17 * 60, to: 23 * 60 + 45, weekend: 1.6 },
  always: { from: 0, to: 23 * 60 + 59, weekend: 0.85 },
} as const satisfies Record<Habit['schedule'], { from: number; to: number; weekend: number }>;

/** Tokens in, the percentages of them that are read from and written to the cache, and visible tokens out. */
const SIZES: Record<Habit['size'], Record<'input' | 'cached' | 'written' | 'output', readonly [number, number]>> = {
  agent: { input: [9_000, 110_000], cached: [70, 93], written: [2, 6], output: [80, 3_000] },
  chat: { input: [250, 6_000], cached: [0, 40], written: [0, 0], output: [60, 1_400] },
  job: { input: [500, 4_500], cached: [0, 0], written: [0, 0], output: [40, 700] },
};

/** The load at the beginning of the year, as a part of that at its end. */
const LOAD_AT_START = 0.6;

/** What goes wrong of a thousand requests. */
const PER_THOUSAND = { upstream_error: 16, client_error: 11, client_gone: 18 } as const;

/** One bad day, so that the error charts have something to tell. */
const OUTAGE = { daysAgo: 23, provider: 'anthropic', perThousand: 350 } as const;

/** All events of all organizations, in the order in which they were settled; each member's are numbered from 1. */
export function demoUsage(nowMs: number): DemoEvent[] {
  const events: DemoEvent[] = [];
  for (const organization of DEMO_ORGANIZATIONS) {
    const last = today(organization.timeZone, nowMs);
    const days = localDays(last.subtract({ days: DEMO_DAYS - 1 }), last, organization.timeZone);
    for (const member of organization.members) {
      for (const key of member.keys) {
        const who = { organizationId: organization.id, memberId: member.id, key };
        for (const habit of key.habits) events.push(...eventsOf(habit, who, days, nowMs));
      }
    }
  }
  events.sort((a, b) => a.settledAtMs - b.settledAtMs);
  const newest = new Map<string, number>();
  for (const event of events) {
    event.n = (newest.get(event.memberId) ?? 0) + 1;
    newest.set(event.memberId, event.n);
  }
  return events;
}

interface Who {
  organizationId: string;
  memberId: string;
  key: DemoKey;
}

function eventsOf(habit: Habit, who: Who, days: readonly Span[], nowMs: number): DemoEvent[] {
  const random = new SeededRandom(`usage ${who.key.id} ${habit.app}`);
  const events: DemoEvent[] = [];
  days.forEach((day, i) => {
    const daysAgo = days.length - 1 - i;
    if (!isUsed(who.key, daysAgo)) return;
    const load = habit.perDay * loadOf(habit, day, i / days.length);
    const requests = Math.floor(load * (0.75 + random.fraction() / 2) + random.fraction());
    for (let request = 0; request < requests; request++) {
      const event = eventOf(habit, who, day, daysAgo, random);
      // Today is not over: what would have come later has not happened.
      if (event.settledAtMs <= nowMs) events.push(event);
    }
  });
  return events;
}

/** A day's margin on both sides: days are local, a key's age counts in hours. */
function isUsed(key: DemoKey, daysAgo: number): boolean {
  return daysAgo < key.madeDaysAgo - 1 && daysAgo > (key.disabledDaysAgo ?? -1);
}

function loadOf(habit: Habit, day: Span, partOfYear: number): number {
  // Labels are local dates; read as UTC they still name the right day of the week.
  const date = new Date(`${day.label}T00:00:00Z`);
  const weekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
  const growth = LOAD_AT_START + (1 - LOAD_AT_START) * partOfYear;
  const away = habit.schedule === 'office' && isHolidays(date) ? 0.4 : 1;
  return growth * away * (weekend ? SCHEDULES[habit.schedule].weekend : 1);
}

/** July, and from Christmas to New Year. */
function isHolidays(date: Date): boolean {
  return date.getUTCMonth() === 6 || (date.getUTCMonth() === 11 && date.getUTCDate() > 22);
}

function eventOf(habit: Habit, who: Who, day: Span, daysAgo: number, random: SeededRandom): DemoEvent {
  const mapping = chooseMapping(habit.models, daysAgo, random);
  const outcome = chooseOutcome(mapping, daysAgo, random);
  const free = outcome === 'upstream_error' || outcome === 'client_error';
  const { from, to } = SCHEDULES[habit.schedule];
  // The mean of two draws: busiest around the middle of the day. Around the clock there is no middle.
  const again = habit.schedule === 'always' ? null : random.between(from, to);
  const minute = random.between(from, to);
  const minuteOfDay = again === null ? minute : Math.floor((minute + again) / 2);
  const openedAtMs = day.startMs + minuteOfDay * MINUTE_MS + random.between(0, MINUTE_MS - 1);

  const price = priceAt(mapping.prices, openedAtMs);
  if (!price) throw new Error(`the demo uses ${mapping.id} before it has a price`);
  const drawn = drawUsage(habit, mapping, random);
  const usage = free ? NO_USAGE : drawn;
  const cost: CostParts = free ? { total: ZERO, input: ZERO, output: ZERO } : costParts(usage, price);
  const outputTokens = usage.output + usage.reasoning;
  const firstTokenMs = free ? null : random.between(280, 1_900);
  // Some 50 to 100 tokens a second.
  const latencyMs = (firstTokenMs ?? random.between(90, 2_500)) + outputTokens * random.between(10, 20);
  return {
    organizationId: who.organizationId,
    memberId: who.memberId,
    n: 0,
    attemptId: demoAttemptId(random, openedAtMs),
    requestId: demoRequestId(random),
    projectId: who.key.projectId,
    keyId: who.key.id,
    endpoint: habit.endpoint,
    mapping: mapping.id,
    canonicalModel: mapping.canonicalModel,
    provider: mapping.provider,
    app: habit.app,
    streamed: habit.streamed,
    priceVersion: price.version,
    outcome,
    refusal: null,
    requests: 1,
    openedAtMs,
    settledAtMs: openedAtMs + latencyMs,
    inputTokens: usage.input + usage.cachedInput + usage.cacheWrite5m,
    cachedTokens: usage.cachedInput,
    outputTokens,
    reasoningTokens: usage.reasoning,
    costNanos: cost.total,
    inputCostNanos: cost.input,
    outputCostNanos: cost.output,
    overrunNanos: ZERO,
    unresolvedNanos: ZERO,
    // A provider tells its count at the end only.
    estimated: outcome === 'client_gone',
    latencyMs,
    firstTokenMs,
  };
}

function chooseMapping(models: readonly ModelShare[], daysAgo: number, random: SeededRandom): Mapping {
  const served = models.filter(
    ({ fromDaysAgo = DEMO_DAYS, untilDaysAgo = -1 }) => daysAgo <= fromDaysAgo && daysAgo > untilDaysAgo,
  );
  let ticket = random.between(
    1,
    served.reduce((sum, { share }) => sum + share, 0),
  );
  const chosen = served.find(({ share }) => {
    ticket -= share;
    return ticket <= 0;
  });
  const mapping = chosen && MAPPINGS.get(chosen.mapping);
  if (!mapping) throw new Error(`the demo has no model ${chosen?.mapping ?? `${daysAgo} days ago`}`);
  return mapping;
}

type DemoOutcome = 'completed' | keyof typeof PER_THOUSAND;

function chooseOutcome(mapping: Mapping, daysAgo: number, random: SeededRandom): DemoOutcome {
  const outage = daysAgo === OUTAGE.daysAgo && mapping.provider === OUTAGE.provider;
  let ticket = random.between(0, 999);
  for (const [outcome, usual] of Object.entries(PER_THOUSAND) as [keyof typeof PER_THOUSAND, number][]) {
    ticket -= outage && outcome === 'upstream_error' ? OUTAGE.perThousand : usual;
    if (ticket < 0) return outcome;
  }
  return 'completed';
}

function drawUsage(habit: Habit, mapping: Mapping, random: SeededRandom): Usage {
  const size = SIZES[habit.size];
  const whole = random.mostlySmall(...size.input);
  const percentOf = (range: readonly [number, number]) => Math.floor((whole * random.between(...range)) / 100);
  const cachedInput = percentOf(size.cached);
  // Only Anthropic bills writing to the cache apart.
  const written = percentOf(size.written);
  const cacheWrite5m = mapping.provider === 'anthropic' ? written : 0;
  const output = random.mostlySmall(...size.output);
  const thought = random.mostlySmall(0, size.output[1]);
  return {
    ...NO_USAGE,
    input: whole - cachedInput - cacheWrite5m,
    cachedInput,
    cacheWrite5m,
    output,
    reasoning: mapping.abilities.reasoning ? thought : 0,
  };
}
