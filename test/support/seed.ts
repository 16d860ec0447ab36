/** A small organization in the worker tests' own database. */
import { env } from 'cloudflare:workers';
import { insertOrganization, type Seeded, type SeedOptions } from './organization.ts';

export type { Seeded };

export function seedOrganization(options: SeedOptions = {}): Promise<Seeded> {
  return insertOrganization(env.DB, env.KEY_SECRET, options);
}
