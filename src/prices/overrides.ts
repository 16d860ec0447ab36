/**
 * The operator's prices in D1. They are few and every isolate reads all of them at once (live-catalogue.ts), so a price is one
 * value in one row. What was told in an event stays: the version names the instant at which the price was set.
 */
import { changeAudited } from '../audit/change.ts';
import type { Trail } from '../audit/trail.ts';
import type { Overrides } from '../models/overrides.ts';
import type { Price } from '../money/price.ts';

interface Row {
  mapping: string;
  price: string;
}

export async function readOverrides(db: D1Database): Promise<Overrides> {
  const { results } = await db
    .prepare('SELECT mapping, price FROM price_overrides ORDER BY mapping, effective_from')
    .all<Row>();
  const byModel = Map.groupBy(results, ({ mapping }) => mapping);
  return new Map([...byModel].map(([mapping, rows]) => [mapping, rows.map(({ price }) => JSON.parse(price) as Price)]));
}

/** Sets what a model costs from an instant on. */
export async function setOverride(
  db: D1Database,
  trail: Trail,
  mapping: string,
  terms: Omit<Price, 'version'>,
  nowMs: number,
): Promise<Price> {
  const { effectiveFrom } = terms;
  const day = effectiveFrom === null ? '0' : new Date(effectiveFrom).toISOString();
  const price: Price = { version: `${mapping}@${day}, set ${new Date(nowMs).toISOString()}`, ...terms };
  await changeAudited(db, trail, nowMs, async () => ({
    action: 'price.set',
    targetId: mapping,
    before: shown(await readOverride(db, mapping, effectiveFrom)),
    after: shown(price),
    statement: db
      .prepare(
        `INSERT INTO price_overrides (mapping, effective_from, price) VALUES (?1, CAST(?2 AS INTEGER), ?3)
         ON CONFLICT DO UPDATE SET price = excluded.price`,
      )
      .bind(mapping, effectiveFrom ?? 0, JSON.stringify(price)),
  }));
  return price;
}

/** False where there was none from that instant on. */
export async function clearOverride(
  db: D1Database,
  trail: Trail,
  mapping: string,
  effectiveFrom: number | null,
  nowMs: number,
): Promise<boolean> {
  const changed = await changeAudited(db, trail, nowMs, async () => ({
    action: 'price.cleared',
    targetId: mapping,
    before: shown(await readOverride(db, mapping, effectiveFrom)),
    after: null,
    statement: db
      .prepare('DELETE FROM price_overrides WHERE mapping = ?1 AND effective_from = CAST(?2 AS INTEGER)')
      .bind(mapping, effectiveFrom ?? 0),
  }));
  return changed !== null;
}

async function readOverride(db: D1Database, mapping: string, effectiveFrom: number | null): Promise<Price | null> {
  const stored = await db
    .prepare('SELECT price FROM price_overrides WHERE mapping = ?1 AND effective_from = CAST(?2 AS INTEGER)')
    .bind(mapping, effectiveFrom ?? 0)
    .first<string>('price');
  return stored === null ? null : (JSON.parse(stored) as Price);
}

function shown(price: Price | null): { version: string; tiers: string } | null {
  return price && { version: price.version, tiers: JSON.stringify(price.tiers) };
}
