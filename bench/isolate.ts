/** The memory of Purser's isolate, as V8's inspector tells it. */

/** Bytes: what JavaScript holds, what the runtime holds for it, and what its buffers hold. */
interface HeapUsage {
  usedSize: number;
  embedderHeapUsedSize: number;
  backingStorageSize: number;
}

export interface Isolate {
  /** What it holds once the garbage is collected, bytes. */
  heldBytes(): Promise<number>;
  close(): void;
}

export async function openIsolate(inspectorUrl: URL): Promise<Isolate> {
  const targets = (await (await fetch(`http://${inspectorUrl.host}/json`)).json()) as {
    title: string;
    webSocketDebuggerUrl: string;
  }[];
  const purser = targets.find(({ title }) => title.includes('purser'));
  if (!purser) throw new Error('the inspector does not know Purser');
  const url = new URL(purser.webSocketDebuggerUrl);
  url.host = inspectorUrl.host;
  const socket = new WebSocket(url.href);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
  let last = 0;
  const answered = new Map<number, (result: unknown) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) answered.get(id)?.(result);
  });
  const ask = (method: string) =>
    new Promise<unknown>((resolve) => {
      last += 1;
      answered.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method }));
    });
  return {
    async heldBytes() {
      await ask('HeapProfiler.collectGarbage');
      const usage = (await ask('Runtime.getHeapUsage')) as HeapUsage;
      return usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize;
    },
    close: () => socket.close(),
  };
}
