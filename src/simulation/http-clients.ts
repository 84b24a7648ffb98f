import type { Readable } from 'node:stream';
import { Dispatcher } from 'undici';
import { owner, Simulation } from './engine.js';
import { type Arrived, exchange, NetworkError } from './network.js';

/** Replaces `fetch`, as far as the simulated engines use it. */
export async function memoryFetch(url: string, init: RequestInit = {}) {
  const sim = Simulation.current!;
  const { body, headers } = await encoded(init);
  return new Promise((resolve, reject) => {
    if (init.signal?.aborted) return reject(init.signal.reason as Error);
    init.signal?.addEventListener('abort', () => reject(init.signal!.reason as Error), { once: true });
    exchange(sim, { method: init.method ?? 'GET', url, headers, body }, (answer) => {
      if (answer instanceof NetworkError) reject(answer);
      else resolve(responseOf(answer));
    });
  });
}

/** The body that a request sends, with the headers that a form adds. */
async function encoded({ body, headers }: RequestInit): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const given = Object.fromEntries(new Headers(headers));
  if (body === null || body === undefined) return { body: Buffer.alloc(0), headers: given };
  if (typeof body === 'string' || body instanceof Uint8Array)
    return { body: Buffer.from(body as string), headers: given };
  const whole = new Response(body);
  const type = whole.headers.get('content-type');
  return {
    body: Buffer.from(await whole.arrayBuffer()),
    headers: { ...(type === null ? {} : { 'content-type': type }), ...given },
  };
}

function responseOf({ status, headers, text }: Arrived) {
  const pairs = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, String(value)] as [string, string]),
  );
  return {
    status,
    ok: status >= 200 && status <= 299,
    headers: new Headers(pairs),
    text: async () => text,
    json: async () => JSON.parse(text) as unknown,
    arrayBuffer: async () => new Uint8Array(Buffer.from(text)).buffer,
  };
}

type Handler = Dispatcher.DispatchHandler;

/** Replaces undici's dispatcher: it opens no sockets, and gives up on a server that stays silent. */
export class MemoryDispatcher extends Dispatcher {
  readonly #silenceMs: number;

  /** `silenceMs`: how long an answer may take to begin, as undici's `headersTimeout`. */
  constructor(silenceMs: number) {
    super();
    this.#silenceMs = silenceMs;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Handler): boolean {
    void this.#dispatch(options, handler);
    return true;
  }

  async #dispatch(options: Dispatcher.DispatchOptions, handler: Handler): Promise<void> {
    const sim = Simulation.current!;
    const call = callOf(handler);
    handler.onRequestStart?.(call.controller, {});
    if (call.over()) return;
    let body: Buffer;
    try {
      await owner.getStore()?.gate(); // a process that is frozen here reads the content after it thaws
      body = await contentOf(options.body);
    } catch (error) {
      return call.fail(error as Error);
    }
    if (call.over()) return;
    const url = `${String(options.origin)}${options.path}`;
    const silence = sim.later(this.#silenceMs, () => call.fail(new NetworkError('UND_ERR_HEADERS_TIMEOUT')));
    exchange(sim, { method: options.method, url, headers: headersOf(options), body }, (answer) => {
      silence.cancelled = true;
      if (answer instanceof NetworkError) call.fail(answer);
      else call.answer(answer);
    });
  }
}

/** One request, as undici's handlers see it. It ends once, with an answer or an error. */
function callOf(handler: Handler) {
  let over = false;
  const fail = (error: Error): void => {
    if (over) return;
    over = true;
    handler.onResponseError?.(controller, error);
  };
  const controller = {
    ...{ aborted: false, paused: false, reason: null, rawHeaders: [], abort: fail },
    ...{ pause: () => undefined, resume: () => undefined },
  };
  function answer({ status, headers, text }: Arrived): void {
    if (over) return;
    over = true;
    handler.onResponseStart?.(controller, status, headers, '');
    if (text !== '') handler.onResponseData?.(controller, Buffer.from(text));
    handler.onResponseEnd?.(controller, {});
  }
  return { controller, fail, answer, over: () => over };
}

async function contentOf(body: Dispatcher.DispatchOptions['body']): Promise<Buffer> {
  if (body === null || body === undefined) return Buffer.alloc(0);
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  const pieces: Buffer[] = [];
  for await (const piece of body as Readable) pieces.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(pieces);
}

function headersOf({ headers }: Dispatcher.DispatchOptions): Record<string, string> {
  if (headers === null || headers === undefined) return {};
  return Object.fromEntries(
    Object.entries(headers as Record<string, string>).map(([name, value]) => [name, String(value)]),
  );
}
