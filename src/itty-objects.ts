/**
 * Calls of the small objects made with itty-durable, by name. A file of its own, because that library does not load in
 * plain Node; every other object is called through objects.ts.
 */
import { proxyDurable } from 'itty-durable';

type Binding = 'PROVIDER_HEALTH' | 'SIGN_IN_THROTTLE';

/**
 * The object of this name; `Stub` is the typed face of the library's stub, whose methods are all `any`. Not async, and not to
 * be awaited itself: that would ask the stub for a property named `then`, and hang.
 */
export function ittyObject<Stub>(env: Env, binding: Binding, name: string): Stub {
  return proxyDurable(env[binding], { name: binding, parse: true }).get(name);
}
