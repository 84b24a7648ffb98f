import { OutsideError } from '../../../activities/shared/outside-error.js';
import { toFailure } from '../../../activities/shared/to-failure.js';

it.each([409, 423])('waits while another change is under way (%i), and in an emergency for seconds', (status) => {
  const busy = new OutsideError('azure', 'regenerateKey', { status, retryAfterMs: 60_000 });

  expect(toFailure(busy)).toMatchObject({ nonRetryable: false, type: 'Unavailable', nextRetryDelay: 60_000 });
  expect(toFailure(busy, true)).toMatchObject({ nonRetryable: false, type: 'Unavailable', nextRetryDelay: 2000 });
});

it('asks no sooner than it is told, in an emergency too, where too much was asked', () => {
  const limited = new OutsideError('azure', 'regenerateKey', { status: 429, retryAfterMs: 30_000 });

  expect(toFailure(limited, true)).toMatchObject({ nextRetryDelay: 30_000 });
});
