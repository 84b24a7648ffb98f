import { z } from 'zod';
import { DurationText } from '../fields/fields.js';

const person = z.string().min(1);

/** Who does what Keyturn cannot do, and by when. */
export const Tasks = z
  .strictObject({
    assignee: person.optional().describe('Who does it, for instance a mail address. Left out, the owner.'),
    due: DurationText.prefault('3 days').describe('How long a person has.'),
    remind: DurationText.prefault('1 day').describe('How often a person is reminded once the task is overdue.'),
    escalate: z
      .strictObject({
        to: person.describe('Who is told as well.'),
        after: DurationText.prefault('2 days').describe('How long after the due time.'),
      })
      .optional()
      .describe('Who is told when nobody does it.'),
    giveUpAfter: DurationText.prefault('14 days').describe(
      'When a rotation that has changed nothing yet rolls back. A rotation without a way back waits as long as it takes.',
    ),
    emergencyDue: DurationText.prefault('15 minutes').describe(
      'How long a person has in an emergency. Reminders and the escalation then come after the same time again.',
    ),
  })
  .describe('Tasks for people. Only for procedures with steps that a person does.');
