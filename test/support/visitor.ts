/** Somebody with a browser, or a key, for journeys: keeps cookies, and hands on every answer as it was told. */

export interface Heard {
  /** `POST /auth/sign-in` */
  asked: string;
  status: number;
  text: string;
  /** Without Set-Cookie, which only the browser reads. */
  headers: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers; the journey knows.
  body: any;
}

export class Visitor {
  readonly cookies = new Map<string, string>();
  /** Where they call from, as the platform would tell it: tries to sign in are counted by it. */
  address = '192.0.2.1';
  readonly #origin: string;
  readonly #hears: (heard: Heard) => void;

  constructor(origin: string, hears: (heard: Heard) => void = () => undefined) {
    this.#origin = origin;
    this.#hears = hears;
  }

  async send(method: string, path: string, body?: object | string, more: Record<string, string> = {}): Promise<Heard> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      origin: this.#origin,
      'cf-connecting-ip': this.address,
      ...(cookie && { cookie }),
      ...(body && { 'content-type': 'application/json' }),
      ...more,
    };
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(this.#origin + path, { method, headers, redirect: 'manual', ...sent });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/);
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    const heard = {
      asked: `${method} ${path}`,
      status: response.status,
      text,
      headers: JSON.stringify([...response.headers].filter(([name]) => name !== 'set-cookie')),
      body: isJson ? JSON.parse(text) : null,
    };
    this.#hears(heard);
    return heard;
  }
}
