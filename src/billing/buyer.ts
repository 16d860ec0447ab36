/** Whom a charge is made out to: an organization's billing details as they are at the time, or just its name. */
import { type BillingDetails, readOrganization } from '../teams/organization.ts';
import { countryOf } from './countries.ts';
import type { Party } from './documents/document.ts';
import { linesOf } from './seller.ts';

export async function buyerOf(env: Env, organizationId: string): Promise<Party> {
  const { name, billingDetails } = await readOrganization(env, organizationId);
  return buyerFrom(name, billingDetails);
}

/** Of an organization of this name. */
export function buyerFrom(organizationName: string, details: BillingDetails | null): Party {
  return {
    name: details?.name || organizationName,
    addressLines: linesOf(details?.address ?? ''),
    country: countryOf(details?.country ?? ''),
    taxId: details?.taxId || null,
    email: details?.email || null,
  };
}
