import { Questions } from '../../workflows/rotation/questions.js';

const asked = { for: 'operator', why: 'Idle: it was used', choices: ['retry', 'skip'], effects: {} } as const;

let ids: number;
let questions: Questions;
beforeEach(() => {
  ids = 0;
  questions = new Questions(() => `id-${(ids += 1)}`);
});

it('are the same when a step asks again before anybody has answered', () => {
  const first = questions.ask(asked, []);

  expect(questions.ask({ ...asked, for: 'retry', until: 1 }, []).id).toBe(first.id);
});

it('are others once somebody has answered', () => {
  const first = questions.ask(asked, []);
  questions.close(first);

  expect(questions.ask(asked, []).id).not.toBe(first.id);
});

it.each([{ why: 'Idle: it was used again' }, { choices: ['retry'] as const }, { impact: 'documents fail' }])(
  'are others when they say something else: %j',
  (other) => {
    const first = questions.ask(asked, []);

    expect(questions.ask({ ...asked, ...other }, []).id).not.toBe(first.id);
  },
);

it('are two when two ask the same side by side', () => {
  const first = questions.ask(asked, []);

  expect(questions.ask(asked, [first]).id).not.toBe(first.id);
});
