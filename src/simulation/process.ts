// A process that plays the cases it is asked for. Time, randomness and the outside are replaced before any of the
// product is loaded.
import { install } from './patches.js';
import type { Answer, Question } from './questions.js';

install();
process.once('disconnect', () => process.exit());
const { answer } = await import('./answers.js');

process.on('message', (question: Question) => {
  answer(question).then(
    (value) => tell({ id: question.id, value }),
    (error: unknown) => tell({ id: question.id, failure: String(error) }),
  );
});

function tell(said: Answer): void {
  if (process.connected) process.send?.(said);
}
