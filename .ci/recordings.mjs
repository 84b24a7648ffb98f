// Adds up what the tests left in dist/recordings, and compares it with what was played before. An argument of `--write` keeps the numbers instead.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const [folder, kept] = ['dist/recordings', '.ci/recordings.json'];
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const files = readdirSync(folder).sort();
const tallies = Object.fromEntries(files.map((file) => [file, read(`${folder}/${file}`)]));

for (const [file, { played, total, notPlayed }] of Object.entries(tallies)) {
  console.log(`${file}: ${played} of ${total} played`);
  for (const { entries, why } of notPlayed) console.log(`  not played: ${why} (${entries.join(', ')})`);
}
const recordings = process.env.KEYTURN_RECORDINGS;
for (const file of recordings ? readdirSync(recordings).sort() : [])
  if (!tallies[file]) console.log(`${file}: none played, no simulated system answers it`);
const numbers = Object.fromEntries(Object.entries(tallies).map(([file, { played }]) => [file, played]));
if (process.argv.includes('--write')) writeFileSync(kept, `${JSON.stringify(numbers, null, 2)}\n`);
const fewer = Object.entries(read(kept)).filter(([file, before]) => (numbers[file] ?? 0) < before);
for (const [file, before] of fewer) console.log(`${file}: ${numbers[file] ?? 0} played, ${before} before`);
process.exitCode = fewer.length > 0 ? 1 : 0;
