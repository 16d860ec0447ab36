/**
 * Stripe's events between their arrival and their effect. An event is kept before Stripe is told that it came, has its effect
 * once, and is tried again by the cron where it could not have it. Events come late, twice and in any order: none is
 * believed, each only says what to ask Stripe about (hearing.ts), so that what counts is how things are now.
 *
 * Whoever takes an event moves its next try ahead in the same statement: two who want it at once are one, and one who dies
 * with it leaves it to the next run.
 */
import type Stripe from 'stripe';
import { LIMITS, MINUTE_MS } from '../../limits.ts';
import { hear } from './hearing.ts';

interface KeptEvent {
  id: string;
  type: string;
  body: string;
  tries: number;
}

/** Keeps an event, once; false where it was kept before. */
export async function keepEvent(env: Env, event: Stripe.Event, body: string, nowMs: number): Promise<boolean> {
  const { meta } = await env.DB.prepare(
    `INSERT INTO webhook_events (id, type, created_at, received_at, body, next_try_at)
     VALUES (?1, ?2, CAST(?3 AS INTEGER), CAST(?4 AS INTEGER), ?5, CAST(?4 AS INTEGER))
     ON CONFLICT (id) DO NOTHING`,
  )
    .bind(event.id, event.type, event.created * 1_000, nowMs, body)
    .run();
  return meta.changes > 0;
}

/** Handles one kept event, unless it was handled or somebody is at it. */
export async function handleEvent(env: Env, id: string, nowMs: number): Promise<void> {
  const taken = await env.DB.prepare(
    `UPDATE webhook_events
     SET tries = tries + 1, next_try_at = CAST(?2 AS INTEGER) + CAST(?3 AS INTEGER) * (1 << min(tries, 10))
     WHERE id = ?1 AND handled_at IS NULL AND next_try_at <= CAST(?2 AS INTEGER)
     RETURNING id, type, body, tries`,
  )
    .bind(id, nowMs, MINUTE_MS)
    .first<KeptEvent>();
  if (taken) await handle(env, taken, nowMs);
}

/** Handles what is due: the cron's. Bounded; the next run goes on. */
export async function handleDueEvents(env: Env, nowMs: number): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT id FROM webhook_events WHERE handled_at IS NULL AND next_try_at <= CAST(?1 AS INTEGER)
     ORDER BY next_try_at LIMIT CAST(?2 AS INTEGER)`,
  )
    .bind(nowMs, LIMITS.webhookEventsPerRun)
    .all<{ id: string }>();
  for (const { id } of results) await handleEvent(env, id, nowMs);
}

/** Forgets events of which Stripe has long stopped to speak. */
export async function forgetHandledEvents(env: Env, nowMs: number): Promise<void> {
  await env.DB.prepare('DELETE FROM webhook_events WHERE handled_at < CAST(?1 AS INTEGER)')
    .bind(nowMs - LIMITS.webhookEventsKeptMs)
    .run();
}

async function handle(env: Env, { id, type, body, tries }: KeptEvent, nowMs: number): Promise<void> {
  try {
    await hear(env, JSON.parse(body) as Stripe.Event, nowMs);
    await env.DB.prepare(
      'UPDATE webhook_events SET handled_at = CAST(?2 AS INTEGER), body = NULL, problem = NULL WHERE id = ?1',
    )
      .bind(id, nowMs)
      .run();
  } catch (error) {
    // What Stripe answers names ids, never a secret or a card.
    const problem = (error instanceof Error ? error.message : String(error)).slice(0, LIMITS.webhookProblemLengthMax);
    console.error(JSON.stringify({ level: 'error', event: 'webhook_event_failed', id, type, tries, problem }));
    await env.DB.prepare('UPDATE webhook_events SET problem = ?2 WHERE id = ?1').bind(id, problem).run();
  }
}
