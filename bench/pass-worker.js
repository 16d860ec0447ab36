/** The least that a Worker can do with a stream: it hands its upstream's answer on, and no chunk of it ever reaches JavaScript. */
export default {
  async fetch(request, env) {
    const { method, headers } = request;
    return env.EGRESS.fetch(env.UPSTREAM_URL, { method, headers, body: await request.text() });
  },
};
