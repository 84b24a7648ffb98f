import type { Fault as LabFault } from '../lab/faults.js';
import type { Outgoing } from '../crash-test/setback.js';
import type { Fixture } from '../crash-test/fixture.js';
import type { Trouble, TroubleKind } from './trouble.js';

type Answers = (trouble: Trouble, request: Outgoing, fixture: Fixture) => LabFault[];

const answered =
  (kind: LabFault['kind']): Answers =>
  (_, { method, path }) => [{ method, path, kind }];

const answerWithinMs = 900; // a little less than callers wait for an answer

/** How the other side answers, by kind of trouble. */
const answers: Partial<Record<TroubleKind, Answers>> = {
  'rate-limit': answered({ status: 429, retryAfterSeconds: 1, body: 'slow down' }),
  'server-error': answered({ status: 503, body: 'not now' }),
  refusal: answered({ status: 400, body: 'no' }),
  'old-dies': answered({ status: 400, body: 'no' }),
  slow: ({ ms }, { method, path }) => [{ method, path, kind: { slowMs: ms % answerWithinMs } }],
  late: ({ ms }, { method, path }) => [{ method, path, kind: { slowMs: ms } }],
  hang: answered('hang'),
  'reset-before': answered('reset-before'),
  'reset-after': answered('reset-after'),
  'false-deletion': (_, { method, path }, { falseSuccess }) => [
    { method, path, kind: { status: 200, body: falseSuccess?.body() ?? '{}' } },
    { method: 'GET', path: falseSuccess?.probe ?? '*', kind: { status: 403, body: 'the proxy forbids it' } },
  ],
};

/** Makes the other side answer this one request in another way. */
export function spoil(trouble: Trouble, request: Outgoing, fixture: Fixture): void {
  const faults = answers[trouble.kind]?.(trouble, request, fixture) ?? [];
  for (const { url, faults: plan } of fixture.systems)
    if (url === request.origin) for (const fault of faults) plan.add(fault);
}
