/**
 * How far a model is from its end, by the days that its provider has announced. A day begins at 00:00 UTC: from then on nobody is sent
 * there, as what answers may be another model at another price (Google goes on with a successor), or nothing.
 */
import type { Mapping } from './catalogue.ts';

type Announced = Pick<Mapping, 'deprecatedOn' | 'retiresOn'>;

/** As Anthropic's protocol names them. One whose end is announced is deprecated, whatever else is said of it. */
export function lifecycleOf(
  { deprecatedOn = null, retiresOn = null }: Announced,
  nowMs: number,
): 'active' | 'deprecated' | 'retired' {
  if (retiresOn !== null) return nowMs < dayMs(retiresOn) ? 'deprecated' : 'retired';
  return deprecatedOn !== null && nowMs >= dayMs(deprecatedOn) ? 'deprecated' : 'active';
}

/** The headers by which HTTP tells it: Deprecation (RFC 9745) and Sunset (RFC 8594). */
export function lifecycleHeaders({ deprecatedOn = null, retiresOn = null }: Announced): Record<string, string> {
  return {
    ...(deprecatedOn !== null && { deprecation: `@${dayMs(deprecatedOn) / 1_000}` }),
    ...(retiresOn !== null && { sunset: new Date(dayMs(retiresOn)).toUTCString() }),
  };
}

function dayMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}
