import type { RequestTemplate } from '../../src/domain/requests.js';
import type { LabRequest } from '../../src/lab/server.js';

/** One line per request, and a pattern of such lines, so that `expect(lines).toMatch(pattern)` shows both when they differ. */
export function linesOf(requests: readonly Pick<LabRequest, 'method' | 'path'>[]): string {
  return requests.map(({ method, path }) => `${method} ${path}\n`).join('');
}

/** What the declared requests may look like on the wire. `base`: the path in front of all of theirs. */
export function patternOf(declared: readonly RequestTemplate[], base = ''): RegExp {
  const lines = declared.map(({ method, path, optional, repeated }) => {
    const literal = `${base}${path}`.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/\\n]+');
    const times = optional ? (repeated ? '*' : '?') : repeated ? '+' : '';
    return `(?:${method} ${literal}\\n)${times}`;
  });
  return new RegExp(`^${lines.join('')}$`);
}
