/**
 * The measure: a Worker that only passes a call on to the upstream and its answer back, both as streams, and does
 * nothing else. What Purser takes beyond this is what Purser costs.
 */
export default {
  fetch(request, env) {
    const { method, headers, body } = request;
    return env.EGRESS.fetch(env.UPSTREAM_URL, { method, headers, body });
  },
};
