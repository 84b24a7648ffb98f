import type { Answer } from '../routes.js';

/** One thing that is wrong with a request. `input` repeats what was sent, secrets included, as the real one does. */
export interface Problem {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function detail(status: number, text: string): Answer {
  return { status, body: { detail: text } };
}

export function unprocessable(problems: readonly Problem[]): Answer {
  return { status: 422, body: { detail: problems } };
}

export function redirect(location: string, status = 302): Answer {
  return { status, headers: { location } };
}
