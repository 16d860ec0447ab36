/** GET /v1/key: what a key may spend and has spent, for the program that holds it. Readable when over budget. */
import { z } from '@hono/zod-openapi';
import { addressOf } from '../client-address.ts';
import { settledBudget } from '../objects.ts';
import { instant } from '../reference/fields.ts';
import { KeyIdentity, readLastUsed } from '../teams/api-keys.ts';
import {
  instantOrNull,
  KeyUsage,
  MemberLimits,
  MemberStatus,
  ScopeLimitsShown,
  showKeyLimits,
  showKeyUsage,
  showMemberLimits,
  showMemberStatus,
  ThrottlesShown,
} from '../teams/status.ts';
import { authenticate } from './credentials.ts';
import type { Refusal } from './refusals.ts';
import type { GatewayContext } from './router.ts';

export const OwnKey = z
  .object({
    ...KeyIdentity.shape,
    lastUsedAt: instant().nullable(),
    ...ScopeLimitsShown.shape,
    ...ThrottlesShown.shape,
    ...KeyUsage.shape,
    member: z.object({ budgetType: MemberStatus.shape.budgetType, limits: MemberLimits, status: MemberStatus }),
  })
  .openapi('OwnKey');

export async function showKey({ env, request, requestId }: GatewayContext): Promise<Response | Refusal> {
  const authenticated = await authenticate(request, env);
  if ('refusal' in authenticated) return authenticated.refusal;
  const { ownerId: memberId, hash: keyHash } = authenticated.caller;
  const asked = { memberId, keyHash, ip: addressOf(request) };
  try {
    const status = await settledBudget(env, memberId, (object) => object.keyStatus(asked));
    if ('refusal' in status) return status.refusal;
    const { key, keyStatus, memberStatus } = status;
    const member = showMemberStatus(memberStatus);
    // The object remembers of its own life only; before that, D1 was told.
    const lastUsedAtMs = keyStatus.lastUsedAtMs ?? (await readLastUsed(env, key.keyId));
    const body: z.infer<typeof OwnKey> = {
      id: key.keyId,
      projectId: key.projectId,
      memberId,
      name: key.name,
      maskedKey: key.masked,
      status: key.status,
      createdAt: new Date(key.createdAtMs).toISOString(),
      expiresAt: instantOrNull(key.expiresAtMs),
      lastUsedAt: instantOrNull(lastUsedAtMs),
      ...showKeyLimits(keyStatus.limits),
      ...keyStatus.throttles,
      ...showKeyUsage(keyStatus),
      member: { budgetType: member.budgetType, limits: showMemberLimits(memberStatus), status: member },
    };
    return Response.json(body, { headers: { 'x-request-id': requestId } });
  } catch (error) {
    console.warn(JSON.stringify({ event: 'key_status_failed', requestId, error: String(error) }));
    return { kind: 'budget_unavailable' };
  }
}
