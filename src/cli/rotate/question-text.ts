import type { Waiting } from '../../domain/rotation.js';
import { facts } from '../terminal/layout.js';
import type { Paint } from '../terminal/paint.js';
import { momentAndDistance } from '../terminal/time.js';

/** The operator prompt of a blocked rotation: the impact, how long the current state is safe, which values are live, and what each choice does. */
export function questionText(credential: string, waiting: Waiting, { dim, bold }: Paint): string[] {
  const { id, task, why, impact, until, then, live = [], choices, effects } = waiting;
  const answer = waiting.helps ?? choices[0] ?? 'retry';
  const before = answer === 'skip' ? 'Find out whether it is safe, then say why: ' : '';
  const decide = `${before}keyturn decide ${credential} ${answer} --question ${id} --reason "…"`;
  const answers = choices.map((choice) => `${bold(choice)}: ${effects[choice] ?? ''}`);
  return [
    `  ${why}`,
    '',
    ...facts([
      [dim('Impact'), impact],
      [
        dim('Safe until'),
        until === undefined
          ? 'no limit: nothing happens by itself'
          : `${momentAndDistance(until, Date.now())}; then ${then ?? 'it continues'}`,
      ],
      [dim('Live'), live.join('\n')],
      [dim('Choices'), answers.join('\n')],
      [dim('Next'), task === undefined ? decide : `keyturn tasks show ${task}`],
    ]),
  ];
}
