import { Agent } from 'undici';
import { startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { describeRecording, leaveTally, readRecordingFile } from '../support/recordings.js';
import { call } from './call.js';
import { visit } from './docuelevate-visitor.js';
import { type Played, replay } from './replay.js';

const file = 'docuelevate-0.188.6-settings.json';

interface Row {
  readonly key: string;
  readonly category: string;
  readonly type: string;
  readonly required: boolean;
  readonly restartRequired: boolean;
  /** In the recorder's words. */
  readonly takesEffect: string;
}

/** What the words say that can be seen: at once where, and with which answer. */
function claimed(words: string): object | null {
  if (words.startsWith('environment only')) return { status: 400 };
  if (words.endsWith('a write by the API answers 200 and does nothing')) return { status: 200, sessionsStay: true };
  if (!words.startsWith('API: at once')) return null;
  const worker = words.includes('Worker: at its next task') ? { worker: 'at its next task' } : {};
  const others = /others?( API processes)?: restart/.test(words) ? { others: 'restart' } : {};
  return { status: 200, api: 'at once', ...worker, ...others };
}

describeRecording('the 60 credentials of the simulated DocuElevate', () => {
  it('are those of the real one, and take effect when they do there', async () => {
    const lab = await startDocuElevateLab({ apiProcesses: 2 });
    const admin = visit(lab);
    await admin.login();
    const dispatcher = new Agent({ connections: 1 });
    const over = (path: string, init: object = {}, through: Agent = dispatcher) =>
      call(lab.url + path, {
        headers: {
          cookie: `session=${admin.cookie}`,
          'x-csrf-token': admin.csrf(),
          'content-type': 'application/json',
        },
        dispatcher: through,
        ...init,
      });
    const { settings } = readRecordingFile<{ settings: readonly Row[] }>(file);
    const rows = settings.map((row) => ({ ...row, name: row.key }));

    async function elsewhere(path: string, length: number): Promise<unknown> {
      const others = [new Agent(), new Agent()];
      const seen: unknown[] = [];
      for (const other of others) seen.push((await over(path, {}, other)).at('value'));
      await Promise.all(others.map((other) => other.close()));
      return seen.some((value) => typeof value !== 'string' || value.length !== length) ? 'restart' : 'at once';
    }
    async function seen({ key }: Row, claim: object): Promise<object> {
      const [path, value] = [`/api/settings/${key}`, `new-value-of-${key}`.padEnd(40, '-')];
      const { status } = await over(path, { method: 'POST', body: JSON.stringify({ key, value }) });
      const shown = (await over(path)).at('value');
      const found = {
        status,
        sessionsStay: (await over('/api/auth/whoami')).at('is_admin') === true,
        api: typeof shown === 'string' && shown.length === value.length ? 'at once' : 'later',
        worker: lab.workerHolds(key) === value ? 'at its next task' : 'later',
        others: 'others' in claim ? await elsewhere(path, value.length) : undefined,
      };
      return Object.fromEntries(Object.entries(found).filter(([name]) => name in claim));
    }
    async function play(row: Row): Promise<Played> {
      const { metadata } = (await over(`/api/settings/${row.key}`)).json as { metadata: Record<string, unknown> };
      const { category, type, required, restart_required: restartRequired } = metadata;
      const said = { category, type, required, restartRequired };
      const real = {
        category: row.category,
        type: row.type,
        required: row.required,
        restartRequired: row.restartRequired,
      };
      const claim = claimed(row.takesEffect);
      if (claim) return { real: { ...real, ...claim }, simulated: { ...said, ...(await seen(row, claim)) } };
      expect([row.key, said]).toEqual([row.key, real]);
      return {
        notPlayed: `what it says of itself is compared; when it takes effect cannot be seen: ${row.takesEffect}`,
      };
    }

    const report = (await over('/api/settings/credentials')).list('credentials').map((each) => (each as Row).key);
    const { differences, tally } = await replay(rows, play);

    await Promise.all([lab.stop(), dispatcher.close()]);
    leaveTally(file, tally);
    expect(report).toEqual(rows.map(({ key }) => key));
    expect(differences).toEqual([]);
  });
});
