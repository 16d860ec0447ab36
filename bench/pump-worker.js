/**
 * The measure for streams: a Worker that reads its upstream's stream and writes it to its client, under waitUntil, and looks at
 * nothing. Whoever counts what passes must do at least this.
 */
export default {
  async fetch(request, env, ctx) {
    const { method, headers } = request;
    const answer = await env.EGRESS.fetch(env.UPSTREAM_URL, { method, headers, body: await request.text() });
    const { readable, writable } = new IdentityTransformStream();
    ctx.waitUntil(pump(answer.body.getReader(), writable.getWriter()));
    return new Response(readable, answer);
  },
};

async function pump(reader, writer) {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return writer.close();
    await writer.write(value);
  }
}
