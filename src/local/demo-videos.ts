/**
 * The demo provider's videos: `demo/video`, $0.10 a second in 720x1280 and 1280x720, in any other size $0.30. It keeps nothing: the id of a video tells
 * all of it. Of the field `demo`, `failStatus` refuses it at once, `delayMs` is how long it takes, `silentMs` how long nobody can be
 * asked about it, `failAfterTokens` has it fail at its end, and `outputTokens` is how many seconds it comes to, whatever was asked.
 */
import type { Demo } from '../gateway/demo-field.ts';
import type { VideoCall } from '../gateway/providers/provider.ts';
import { jsonObjectIn } from '../gateway/reported.ts';
import type { Mapping } from '../models/catalogue.ts';
import { failure } from './demo-failure.ts';

const SECOND = 100_000_000_000;
const LARGE_SECOND = 300_000_000_000;

export const DEMO_VIDEO: Mapping = {
  id: 'demo/video',
  provider: 'demo',
  upstreamModel: 'video',
  canonicalModel: 'demo-video',
  contextTokens: 1_000_000,
  maxOutputTokens: 0,
  reasons: 'never',
  abilities: { tools: false, images: false, jsonSchema: false, reasoning: false },
  serves: ['videos'],
  prices: [
    {
      version: 'demo/video@0',
      effectiveFrom: null,
      tiers: [{ aboveInputTokens: 0, rates: { videoSecond: LARGE_SECOND } }],
      videos: { '720x1280': SECOND, '1280x720': SECOND },
    },
  ],
};

/** What the id of a video says. */
interface Plan {
  beganAtMs: number;
  seconds: string;
  size: string;
  demo: Demo;
}

/** Answers as this provider would of a video, or as the field `demo` says. */
export async function answerVideo(call: VideoCall): Promise<Response> {
  if (call.method === 'POST') return begin(call);
  const [, id = '', content] = call.path.split(/[/?]/);
  const plan = planIn(decodeURIComponent(id));
  if (!plan) return failure(404);
  if (Date.now() < plan.beganAtMs + (plan.demo.silentMs ?? 0)) return failure(500);
  if (call.method === 'DELETE') return Response.json({ id, object: 'video.deleted', deleted: true });
  return content === undefined ? Response.json(told(id, plan)) : contentOf(call, plan);
}

async function begin({ body, headers }: VideoCall): Promise<Response> {
  const sent = new Response(body, { headers });
  const isJson = headers['content-type'] === 'application/json';
  const fields = isJson ? ((await sent.json()) as Record<string, unknown>) : Object.fromEntries(await sent.formData());
  const demo = (typeof fields.demo === 'string' ? jsonObjectIn(fields.demo) : fields.demo) ?? {};
  const plan = { beganAtMs: Date.now(), seconds: String(fields.seconds), size: String(fields.size), demo } as Plan;
  if (plan.demo.failStatus !== undefined) return failure(plan.demo.failStatus);
  return Response.json(told(`demo-${btoa(JSON.stringify(plan))}`, plan));
}

function planIn(id: string): Plan | null {
  if (!id.startsWith('demo-')) return null;
  return jsonObjectIn(atob(id.slice('demo-'.length))) as Plan | null;
}

function told(id: string, { beganAtMs, seconds, size, demo }: Plan): object {
  const takesMs = demo.delayMs ?? 0;
  const share = takesMs === 0 ? 1 : Math.min(1, (Date.now() - beganAtMs) / takesMs);
  const over = share === 1;
  const failed = over && demo.failAfterTokens !== undefined;
  return {
    id,
    object: 'video',
    model: 'video',
    status: failed ? 'failed' : over ? 'completed' : 'in_progress',
    progress: Math.floor(share * 100),
    created_at: Math.floor(beganAtMs / 1_000),
    completed_at: over ? Math.floor((beganAtMs + takesMs) / 1_000) : null,
    expires_at: null,
    seconds: String(demo.outputTokens ?? seconds),
    size,
    error: failed ? { code: 'demo', message: 'The demo provider was asked to fail.' } : null,
  };
}

/** Some text in the place of a film, of which a part may be asked for. */
function contentOf({ path, headers }: VideoCall, { seconds, size }: Plan): Response {
  const variant = new URL(`http://demo${path}`).searchParams.get('variant');
  const whole = new TextEncoder().encode(`${variant} of ${seconds} seconds in ${size}`);
  const told = { 'content-type': variant === 'video' ? 'video/mp4' : 'image/webp', 'accept-ranges': 'bytes' };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (from === undefined) return new Response(whole, { headers: told });
  const end = Math.min(whole.byteLength, to ? Number(to) + 1 : whole.byteLength);
  const range = { 'content-range': `bytes ${from}-${end - 1}/${whole.byteLength}` };
  return new Response(whole.slice(Number(from), end), { status: 206, headers: { ...told, ...range } });
}
