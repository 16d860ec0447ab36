/** Who may set a member's budget: asked by the route that sets one and by the one that only tries it out. */
import { ApiError } from './api-error.ts';
import { type Caller, guarded } from './guard.ts';
import type { Role } from './roles.ts';

export const TEAMS_ONLY = 'Member budgets are for team accounts. Convert this account or join a team.';

export const toSetBudgets = guarded({
  ability: 'budgets.write',
  roleMessage: 'Only owners, admins and finance admins can update member budgets.',
  teamMessage: TEAMS_ONLY,
});

/** Throws a 403 where the caller's role may change members and their budgets, but not this one's. */
export function checkMayModify(caller: Caller, member: { role: Role }): void {
  if (member.role === 'owner' && caller.role !== 'owner') {
    throw new ApiError(403, 'role_required', 'Admins cannot modify owners.');
  }
}
