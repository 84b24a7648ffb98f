import { AsyncLocalStorage } from 'node:async_hooks';
import { CancelledFailure } from '@temporalio/common';
import { type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import { proxyFor } from './proxy.js';
import { asking, withCode, withinLease } from './lease.js';
import { notOf, OutsideError } from './outside-error.js';
import { scope } from './scope.js';

export interface HttpRequest {
  /** Shown in errors, for instance `createServiceAccount`. */
  readonly operation: string;
  readonly method: Dispatcher.HttpMethod;
  /** Absolute path below the base URL, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** It changes nothing, so it may be sent again. True for a GET when left out, and false for anything else. */
  readonly asks?: boolean;
  readonly body?: string | Buffer | FormData;
  /** The connection to use, where that matters. Default: any. */
  readonly dispatcher?: Dispatcher;
  /** The answer may be an HTML page. By default such a page counts as an answer of something in between. */
  readonly page?: boolean;
  /** Statuses besides 2xx that the caller handles itself. */
  readonly allow?: readonly number[];
  /**
   * Shape of the system's own refusals. A 401 or 403 in another shape comes from a proxy and is retried.
   * Left out: any 401 or 403 counts as the system's own.
   */
  readonly refusal?: z.ZodType;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Unix seconds by the other side's clock (`Date` header). Undefined when it sent none. */
  readonly providerTime: number | undefined;
  readonly text: string;
  /** Parses the body. Throws an OutsideError without any of the content. */
  json<S extends z.ZodType>(schema: S): z.infer<S>;
}

const isAlone = new AsyncLocalStorage<true>();

/**
 * Runs `action` with a new connection for every request. Several servers may answer behind one address, and a connection that is
 * kept alive stays with one of them.
 */
export function onOwnConnections<T>(action: () => Promise<T>): Promise<T> {
  return isAlone.run(true, action);
}

const guards = new AsyncLocalStorage<() => Promise<void>>();

/** Runs `action`, and `guard` just before each of its requests that may change something. */
export function guardChanges<T>(guard: () => Promise<void>, action: () => Promise<T>): Promise<T> {
  return guards.run(guard, action);
}

/** The HTTP client of one outside system: a timeout on every request, no redirects, no retries, errors without bodies. */
export class Http {
  readonly #system: string;
  readonly #baseUrl: string;
  readonly #deadlineMs: number;

  /**
   * `system` is its name for people. `deadlineMs` must be shorter than the start-to-close timeout of the activities that use it.
   */
  constructor(system: string, baseUrl: string, deadlineMs: number) {
    this.#system = system;
    this.#baseUrl = baseUrl.replace(/\/$/, '');
    this.#deadlineMs = deadlineMs;
  }

  /**
   * A change that is under way has its answer also when the activity is cancelled meanwhile: called off, it could still arrive after
   * whatever takes its place.
   * @throws OutsideError when there is no answer, or one outside 2xx and `allow`
   * @throws CancelledFailure when the activity is cancelled before, or during a question
   */
  async send(outgoing: HttpRequest): Promise<Answer> {
    await guarded(outgoing);
    const { status, headers, text } = await this.#exchange(outgoing);
    const isExpected = (status >= 200 && status <= 299) || outgoing.allow?.includes(status) === true;
    const isPersons = isPage(text) && !(outgoing.page === true && isExpected);
    if (isPersons || isForeign(outgoing.refusal, status, text)) throw notOf(this.#system, outgoing.operation, status);
    if (!isExpected) throw this.#unexpected(outgoing.operation, status, headers);
    return {
      status,
      headers,
      text,
      providerTime: seconds(headers['date']),
      json: (schema) => this.#parse(outgoing.operation, text, schema),
    };
  }

  #unexpected(operation: string, status: number, headers: Answer['headers']): OutsideError {
    return new OutsideError(this.#system, operation, {
      status,
      retryAfterMs: retryAfterMs(headers['retry-after']),
      leadsTo: status >= 300 && status <= 399 ? originOf(headers['location'], this.#baseUrl) : undefined,
    });
  }

  async #exchange(outgoing: HttpRequest): Promise<Pick<Answer, 'status' | 'headers' | 'text'>> {
    const { operation, method, path, headers, body, asks, dispatcher } = outgoing;
    const cancelled = scope().signal;
    const { signal, goOn, release } = deadline(this.#deadlineMs, cancelled);
    try {
      const content = await encoded(body);
      asking();
      if (mayChange(outgoing)) goOn();
      const url = this.#baseUrl + path;
      const way = dispatcher ?? proxyFor(url);
      const answer = await request(url, {
        method,
        signal,
        ...(asks === true && { idempotent: true }),
        ...(way && { dispatcher: way }),
        ...(isAlone.getStore() && { reset: true }),
        headers: { ...content.headers, ...headers },
        body: content.body === null ? null : withinLease(content.body),
      });
      return { status: answer.statusCode, headers: answer.headers, text: await textOf(answer.body) };
    } catch (error) {
      if (cancelled.aborted)
        throw cancelled.reason instanceof CancelledFailure
          ? cancelled.reason
          : new CancelledFailure('the activity was cancelled');
      throw new OutsideError(this.#system, operation, { code: codeOf(error) });
    } finally {
      release();
    }
  }

  #parse<S extends z.ZodType>(operation: string, text: string, schema: S): z.infer<S> {
    const content = jsonOf(text);
    if (content === undefined) throw new OutsideError(this.#system, operation, { code: 'NOT_JSON' });
    const parsed = schema.safeParse(content);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new OutsideError(this.#system, operation, { code: `UNEXPECTED_ANSWER at ${where || 'the top'}` });
  }
}

async function guarded(outgoing: HttpRequest): Promise<void> {
  if (mayChange(outgoing)) await guards.getStore()?.();
}

function mayChange({ method, asks = method === 'GET' }: HttpRequest): boolean {
  return !asks;
}

/** A login, challenge or error page of something in between. Whatever its status, it is no answer of the system, so it is retried. */
function isPage(text: string): boolean {
  return /^\s{0,99}<(?:!doctype html|html)[\s>]/i.test(text.slice(0, 200));
}

function isForeign(own: z.ZodType | undefined, status: number, text: string): boolean {
  return own !== undefined && [401, 403].includes(status) && !own.safeParse(jsonOf(text)).success;
}

/** The content of a text. Undefined when it is no JSON of this shape. */
export function readAs<S extends z.ZodType>(schema: S, text: string): z.infer<S> | undefined {
  return schema.safeParse(jsonOf(text)).data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Deadline {
  readonly signal: AbortSignal;
  /** From here on the end of the activity does not abort it. */
  readonly goOn: () => void;
  readonly release: () => void;
}

/** Aborts after `ms`, or with the activity. Written by hand: `AbortSignal.any` costs more than a whole request over loopback. */
function deadline(ms: number, cancelled: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException('no answer in time', 'TimeoutError')), ms);
  const forward = (): void => controller.abort(cancelled.reason);
  if (cancelled.aborted) forward();
  cancelled.addEventListener('abort', forward, { once: true });
  const goOn = (): void => cancelled.removeEventListener('abort', forward);
  return {
    ...{ signal: controller.signal, goOn },
    release() {
      clearTimeout(timer);
      goOn();
    },
  };
}

const longestAnswer = 8 * 1024 * 1024; // bytes; the longest real answer, one page of a list, is a hundredth of it

/** Refuses a longer answer: emergencies share this memory. */
async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > longestAnswer) throw withCode('TOO_LONG');
    pieces.push(piece);
  }
  return new TextDecoder().decode(Buffer.concat(pieces));
}

interface Piece {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** Encodes the body as one piece with a length: servers judge uploads by their length. */
async function encoded(body: HttpRequest['body']): Promise<Piece> {
  if (body === undefined) return { body: null };
  const form = body instanceof FormData ? new Response(body) : null;
  const type = form && { 'content-type': form.headers.get('content-type') ?? '' };
  const bytes = form ? Buffer.from(await form.arrayBuffer()) : Buffer.from(body as string | Buffer);
  return { headers: { ...type, 'content-length': String(bytes.length) }, body: bytes };
}

/** Only the short code of a network error: its message may carry addresses and header values. */
function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'TIMEOUT';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'NETWORK';
}

function originOf(location: string | string[] | undefined, base: string): string | undefined {
  return typeof location === 'string' ? URL.parse(location, base)?.origin : undefined;
}

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined) return undefined;
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(delay) && delay > 0 ? delay : undefined;
}

function seconds(header: string | string[] | undefined): number | undefined {
  const ms = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
