/** A team of signed-in people for tests: one of each role asked for, each in a browser of their own. */
import { env } from 'cloudflare:workers';
import { newId } from '../../src/ids.ts';
import type { Role } from '../../src/teams/roles.ts';
import { type Browser, browserOf, insertMember, insertUser } from './browser.ts';
import type { Seeded, SeedOptions } from './organization.ts';
import { seedOrganization } from './seed.ts';

interface Person {
  memberId: string;
  email: string;
  browser: Browser;
}

export interface Team<Name extends string> {
  seeded: Seeded;
  people: Record<Name, Person>;
}

/** Addresses are nobody else's; `as` names people by what they are called in the test. */
export async function seedTeam<Name extends string>(
  as: Record<Name, Role>,
  options: SeedOptions = {},
  environment: Env = env,
): Promise<Team<Name>> {
  const seeded = await seedOrganization(options);
  const entries = Object.entries(as) as [Name, Role][];
  const people = await Promise.all(
    entries.map(async ([name, role]): Promise<[Name, Person]> => {
      const email = `${name}-${newId('usr').slice(4)}@example.com`;
      const userId = await insertUser(email);
      const memberId = await insertMember(seeded.organizationId, userId, role);
      return [name, { memberId, email, browser: await browserOf(userId, environment) }];
    }),
  );
  return { seeded, people: Object.fromEntries(people) as Record<Name, Person> };
}
