import { tellFailure } from '../../src/cli/terminal/failure.js';
import { emergencyView } from '../../src/cli/emergency/emergency-view.js';

it('shows a stack with --verbose, and obeys nothing in it', () => {
  const written: string[] = [];
  const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const error = new Error('evil \u001B]0;owned\u0007 \u001B[2J');

  tellFailure({ answer: () => undefined, verbose: true } as never, error);
  write.mockRestore();

  expect(written.join('')).toContain('evil \\u001B]0;owned\\u0007');
  // eslint-disable-next-line no-control-regex -- what must not be there
  expect(written.join('')).not.toMatch(/\u001B\]|\u001B\[2J|\u0007/);
});

it('draws the clock of an emergency, and nothing else moves the cursor', () => {
  const drawn: string[] = [];
  const stream = { isTTY: true, write: (text: string) => drawn.push(text) > 0 };
  const state = { credential: 'a\u001B[2Jb', askedAt: Date.now(), versions: [], rotated: null, containedAfterMs: null };
  const paint = { bold: String, good: String, bad: String, attention: String, dim: String };
  const view = emergencyView({ stream, say: () => undefined, paint } as never);

  view.show({ state, how: 'sending', trouble: null } as never);
  view.end();

  expect(drawn.join('').replaceAll('\r\u001B[2K', '')).toMatch(/^[^\p{Cc}]*$/u);
});
