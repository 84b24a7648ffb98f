// Prints what the two other ways to rotate lose, as JSON:
// node --no-warnings --import ./test/temporal/from-source.ts test/crash/baselines/main.ts
import { moments, play, type Played, type Script } from './play.js';

async function playAll(script: Script): Promise<object> {
  const played: Played[] = [];
  for (const moment of moments)
    if (script === 'store-afterwards' || moment !== 'after the store') played.push(await play(script, moment));
  const sum = (of: (each: Played) => number): number => played.reduce((total, each) => total + of(each), 0);
  return {
    cases: played.length,
    failed: played.filter(({ lostSecrets, outageMs }) => lostSecrets > 0 || outageMs > 0).length,
    lostSecrets: sum(({ lostSecrets }) => lostSecrets),
    outages: played.filter(({ outageMs }) => outageMs > 0).length,
    consumerFailures: sum(({ consumerFailures }) => consumerFailures),
    byMoment: played,
  };
}

const report = { guideScript: await playAll('guide-script'), storeAfterwards: await playAll('store-afterwards') };
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
