// Reads the demo's JSON line and fails unless everything it promises holds.
import { text } from 'node:stream/consumers';

const demo = JSON.parse(await text(process.stdin));
const holds = {
  'outcome is retired': demo.outcome === 'retired',
  'the old credential is refused': demo.oldCredential === 'refused',
  'the engine was used throughout': demo.consumer.probes > 10,
  'no use failed': demo.consumer.failed === 0,
  'no secret is in Temporal or a log': demo.secretsFoundInTemporal === 0,
  'it took less than a minute': demo.seconds < 60,
  'every step has a title, an outcome and a time':
    demo.steps.length > 10 && demo.steps.every((step) => step.title && step.outcome && step.ms >= 0),
};
const broken = Object.keys(holds).filter((name) => !holds[name]);
for (const name of broken) console.error(`demo: it does not hold that ${name}`);
process.exitCode = broken.length === 0 ? 0 : 1;
