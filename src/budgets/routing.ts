/**
 * What a Worker must know to choose who serves a request: the project's routing and the organization's own provider keys, as
 * they travel with a member's policy. The ledger does not understand them. It knows their version, and grants nothing to a
 * Worker that decided by another one; so a change is enforced before the next hold, and nobody reads D1 for it.
 */
import type { Nanos } from '../money/nanos.ts';

/** What a project wants of the choice among providers. Lists name providers, or an organization's own by its slug; null: no wish. */
export interface Routing {
  /** Asked first, in this order; then all others. */
  order: string[];
  /** Where the model must be served. */
  region: string | null;
  allow: string[] | null;
  deny: string[];
  /** Models to be asked when none of those of the asked model can. */
  fallbackModels: string[];
  /** Nanodollars that one attempt may cost at most. */
  maxCostPerRequest: Nanos | null;
  /** Nanodollars per million tokens. */
  maxInputPrice: Nanos | null;
  maxOutputPrice: Nanos | null;
}

/** A model of an organization's own provider. */
export interface CustomModel {
  /** As the provider calls it; asked for as `<slug>/<name>`. */
  name: string;
  contextTokens: number;
  maxOutputTokens: number;
  /** Whether it may bill output that its stream does not show. */
  reasoning: boolean;
  /** Decimal USD per million tokens; null: not known, which is refused wherever a limit is. */
  inputPrice: string | null;
  cachedInputPrice: string | null;
  outputPrice: string | null;
}

/** An organization's own key to a provider, as D1 and policies have it. */
export interface SealedProviderKey {
  id: string;
  /** Which of ours, or `custom`. */
  provider: string;
  /** What a custom one is called in names of models; null for all others. */
  slug: string | null;
  /** Null: the provider's own. */
  baseUrl: string | null;
  settings: Readonly<Record<string, string>>;
  /** Of a custom one; null for all others. */
  models: readonly CustomModel[] | null;
  /** See provider-keys/seal.ts. */
  sealed: string;
  /** Rises with every change: prices of its models are named by it. */
  version: number;
}

/** All that concerns one API key. */
export interface RoutingBundle {
  /** A hash of all the rest: the same text always means the same. */
  version: string;
  organizationId: string;
  /** The project's. */
  routing: Routing | null;
  /** Oldest first. */
  providerKeys: readonly SealedProviderKey[];
}

/** The same as a policy carries it, for all keys of a member. Absent from a policy where nothing is routed and nobody has keys. */
export interface RoutingPolicy {
  providerKeys: readonly SealedProviderKey[];
  /** Of keys in any other project; null: they have none. */
  version: string | null;
  /** By project, where one has a routing. */
  projects: Readonly<Record<string, { version: string; routing: Routing }>>;
}

interface OfMember {
  organizationId: string;
  routing?: RoutingPolicy;
}

/** What concerns the keys of one project; null where that is nothing. */
export function bundleOf({ organizationId, routing: all }: OfMember, projectId: string): RoutingBundle | null {
  const version = versionOf(all, projectId);
  if (!all || version === null) return null;
  const routing = ofProject(all, projectId)?.routing ?? null;
  return { version, organizationId, routing, providerKeys: all.providerKeys };
}

/** Of the bundle of a project's keys; null where there is none. */
export function versionOf(all: RoutingPolicy | undefined, projectId: string): string | null {
  return all ? (ofProject(all, projectId)?.version ?? all.version) : null;
}

function ofProject({ projects }: RoutingPolicy, projectId: string) {
  return Object.hasOwn(projects, projectId) ? projects[projectId] : undefined;
}
