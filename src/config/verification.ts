import { z } from 'zod';
import { durationMs } from '../domain/duration.js';
import { DurationText } from '../fields/fields.js';

const shortestMs = 1000; // Temporal's schedules know no less

/** How often somebody looks whether what was proved is still in force. */
export const Verification = z
  .strictObject({
    every: DurationText.refine((every) => durationMs(every) === 0 || durationMs(every) >= shortestMs, {
      error: 'write at least 1 second, or 0 seconds to switch it off',
    })
      .prefault('1 hour')
      .describe('Time between two looks; 0 seconds switches them off.'),
  })
  .describe(
    'Whether every value is still in force is looked at again and again: what the settings show, what the provider says, and whether it sees the value used. A look changes nothing. Where an engine has lost a value, it is made to reload its settings, once.',
  );
