import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { installRuntime } from '../../workers/rotation-worker.js';
import { measureEmergencies } from './emergencies.js';
import { measureHelp } from './help.js';
import { measureRotations } from './rotations.js';

const limits = { rotationOverBare: 1.5, eventsOverLimit: 1, helpOverNode: 3 } as const;

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
installRuntime(pino({ level: 'silent' }));
const emergencies = await measureEmergencies();
const figures = { ...(await measureRotations()), ...measureHelp(), ...emergencies };
for (const [name, limit] of Object.entries(limits)) {
  const figure = figures[name as keyof typeof limits];
  process.stdout.write(
    `${name.padEnd(18)} ${figure.toFixed(2).padStart(6)}   at most ${limit}${figure > limit ? '   EXCEEDED' : ''}\n`,
  );
}
for (const [name, seconds] of Object.entries(emergencies))
  process.stdout.write(
    `${name.padEnd(18)} ${seconds.toFixed(2).padStart(6)}   seconds from command to proved refusal\n`,
  );
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
const exceeded = Object.entries(limits).some(([name, limit]) => figures[name as keyof typeof limits] > limit);
process.exitCode = exceeded ? 1 : 0;
