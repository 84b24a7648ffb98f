import { z } from 'zod';
import { durationMs } from '../domain/duration.js';
import { DurationText } from '../fields/fields.js';

const shortestMs = 1000; // the shortest interval of a Temporal Schedule

/** How often Keyturn verifies that every proved value is still in force. */
export const Verification = z
  .strictObject({
    every: DurationText.refine((every) => durationMs(every) === 0 || durationMs(every) >= shortestMs, {
      error: 'write at least 1 second, or 0 seconds to turn verification off',
    })
      .prefault('1 hour')
      .describe('Time between two verifications; 0 seconds turns them off.'),
  })
  .describe(
    'Keyturn verifies regularly that every value is still in force: what the settings show, what the provider says, and whether the provider sees the value used. A verification changes nothing. Where an engine has lost a value, Keyturn makes it reload its settings, once.',
  );
