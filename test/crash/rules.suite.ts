import { join } from 'node:path';
import { type CrashCase, casesOf, type Flow } from '../../src/crash-test/cases.js';
import { startJobs } from '../../src/crash-test/crash-test.js';
import { recordBoundaries } from '../../src/crash-test/record.js';
import { runCase } from '../../src/crash-test/run-case.js';
import type { Job } from '../../src/crash-test/sandbox.js';

// Every safety rule that is code, with a case that holds only because of it.
interface Rule {
  readonly rule: string;
  /** Default: OpenAI's. */
  readonly procedure?: string;
  readonly flow?: Flow;
  readonly find: string;
  readonly phase?: string;
  readonly says: RegExp;
}
const rules: readonly Rule[] = [
  { rule: 'an intent before the call', find: 'openai.create/kill-answer-change-0', says: /is lost/ },
  {
    rule: 'compare and set',
    find: 'openai.create/stop-keep',
    says: /is lost/,
  },
  {
    rule: 'labels that only we can give',
    find: 'openai.create/kill-answer-change-0',
    says: /was deleted and is not ours/,
  },
  {
    rule: 'the fence',
    find: 'docuelevate.writeSettings/overtaken-1',
    phase: 'replace',
    says: /holds nothing that works/,
  },
  {
    rule: 'a change leaves within its lease',
    find: 'docuelevate.writeSettings/overtaken-change-0',
    phase: 'replace',
    says: /holds nothing that works/,
  },
  {
    rule: 'a way back that is proved',
    find: 'docuelevate.settingsAreOurs/old-dies',
    phase: 'verify',
    says: /uses of the engine failed/,
  },
  {
    rule: 'fresh proof',
    find: 'docuelevate.settingsAreOurs/edit-back',
    phase: 'proof',
    says: /uses of the engine failed/,
  },
  {
    rule: 'refused means refused',
    find: 'openai.remove/false-deletion-change-0',
    says: /"refused" was proved and was not so/,
  },
  {
    rule: 'what a roll back took back is refused',
    flow: 'roll-back',
    find: 'openai.remove/false-deletion-change-0',
    says: /works and nothing lists it/,
  },
  {
    rule: 'every live version is contained',
    find: 'openai.accepts/emergency',
    phase: 'verify',
    says: /survived the emergency/,
  },
  {
    rule: 'the newest attempt opens the rotation',
    find: 'versions.openRotation/stop-write-0',
    says: /is still open/,
  },
  {
    rule: 'what was seen is not dated anew',
    find: 'openai.accepts/stop-write-1',
    phase: 'confirm',
    says: /"accepted" was proved and was not so/,
  },
  {
    rule: 'a document counts only after a reload',
    find: 'versions.promote/worker-on-environment-in-grace',
    says: /"document" was proved and was not so/,
  },
  {
    rule: "lines are the document's own",
    find: 'docuelevate.processTestDocument/id-given-out-again',
    phase: 'verify',
    says: /"document" was proved and was not so/,
  },
  {
    rule: 'a delivery looks in one breath with the rename',
    procedure: 'document-engine-jwt',
    find: 'delivery.deliver/overtaken-change-1',
    phase: 'replace',
    says: /holds nothing that works/,
  },
  {
    rule: 'an adopted value is confirmed',
    find: 'versions.openRotation/kill-end',
    says: /never been shown to work|waits without a true reason/,
  },
];

jest.retryTimes(2); // on a busy machine a frozen attempt may be cancelled before it does its part

let job: Job;
const cases: CrashCase[] = [];
const releases: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const [started] = await startJobs(
    1,
    () => undefined,
    (release) => releases.push(release),
  );
  if (!started) throw new Error('no job was started');
  job = started;
  for (const flow of ['planned', 'roll-back'] as const)
    cases.push(...casesOf('openai-api-key', await recordBoundaries(job, 'openai-api-key', flow)));
  const delivered = 'document-engine-jwt';
  cases.push(...casesOf(delivered, await recordBoundaries(job, delivered, 'planned')));
}, 120_000);
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});

describe.each(rules)('the rule: $rule', ({ rule, procedure = 'openai-api-key', flow = 'planned', ...found }) => {
  const { find, phase, says } = found;
  const crash = (): CrashCase => {
    const found = cases.find(
      ({ id, procedure: of, boundary }) =>
        of === procedure &&
        boundary.flow === flow &&
        id.includes(find) &&
        (phase === undefined || boundary.phase === phase),
    );
    if (!found) throw new Error(`no case ${find}`);
    return found;
  };

  it('holds', async () => {
    expect(await runCase(job, crash())).toMatchObject({ problems: [] });
  }, 120_000);

  it('is what makes it hold', async () => {
    const { problems } = await runCase(job, crash(), { module: join(__dirname, 'without.ts'), rule });

    expect(problems.join('\n')).toMatch(says);
  }, 120_000);
});
