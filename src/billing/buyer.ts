/** Whom a charge is made out to: an organization's billing details as they are at the time, or just its name. */
import { readOrganization } from '../teams/organization.ts';
import { countryOf } from './countries.ts';
import type { Party } from './documents/document.ts';
import { linesOf } from './seller.ts';

export async function buyerOf(env: Env, organizationId: string): Promise<Party> {
  const { name, billingDetails } = await readOrganization(env, organizationId);
  return {
    name: billingDetails?.name || name,
    addressLines: linesOf(billingDetails?.address ?? ''),
    country: countryOf(billingDetails?.country ?? ''),
    taxId: billingDetails?.taxId || null,
    email: billingDetails?.email || null,
  };
}
