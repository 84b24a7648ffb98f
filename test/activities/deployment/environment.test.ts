import { chmodSync, readFileSync, statSync } from 'node:fs';
import { failureOf, randomValue } from '../bench.js';
import { type DeploymentFixture, key, startDeploymentFixture } from './fixture.js';

let fixture: DeploymentFixture;

beforeEach(async () => {
  fixture = await startDeploymentFixture({ bootMs: 0 });
});
afterEach(() => fixture.stop());

const attempt = <T>(work: () => Promise<T>) => fixture.bench.attempt(work);
const write = () => attempt(() => fixture.deployment.writeEnvironment(fixture.next));
const restore = () => attempt(() => fixture.deployment.restoreEnvironment(fixture.next));
const ours = (ref = fixture.next) => attempt(() => fixture.deployment.environmentIsOurs(ref));
const engineOf = async (ref = fixture.next) => (await fixture.bench.store.read(ref)).engine;

describe('the environment file', () => {
  it('gets the new value, keeps everything else and its mode, and no process uses it before a restart', async () => {
    chmodSync(fixture.envFile, 0o640);
    const before = readFileSync(fixture.envFile, 'utf8');

    await write();
    await write();

    const { values } = fixture;
    expect(readFileSync(fixture.envFile, 'utf8')).toBe(before.replace(`'${values.old}'`, values.next));
    expect(statSync(fixture.envFile).mode & 0o777).toBe(0o640);
    expect(fixture.uses()).toEqual({ api: values.old, worker: values.old });
    expect([await engineOf(), (await fixture.evidence('restart-due')).length]).toEqual(['maybe', 2]);
  });

  it('gets back what stood there, and leaves nothing beside it', async () => {
    const before = readFileSync(fixture.envFile, 'utf8');
    await write();

    await restore();
    await restore();

    expect(readFileSync(fixture.envFile, 'utf8')).toBe(before);
    expect(fixture.names()).toEqual(['.env']);
  });

  it('that is not there is nothing to undo, and needs no restart', async () => {
    fixture.configured.envFile = `${fixture.envFile}-of-another-machine`;

    expect((await failureOf(write())).message).toContain('is not on this machine');
    await restore();

    expect(await fixture.evidence('restart-due')).toEqual([]);
    expect(await engineOf()).toBe('never');
  });

  it('is not touched by an undo of what was never written, which needs no restart either', async () => {
    await restore();

    expect(await fixture.evidence('restart-due')).toEqual([]);
  });

  it('keeps what somebody has written since, and asks', async () => {
    await write();
    fixture.edit('WEBDAV_PASSWORD=by-hand');

    expect(await failureOf(restore())).toMatchObject({ type: 'NeedsDecision' });
    expect(fixture.line()).toBe('WEBDAV_PASSWORD=by-hand');
  });

  it('is not written by an attempt that has lost the fence', async () => {
    await fixture.bench.rotate();

    expect(await failureOf(write())).toMatchObject({ type: 'FenceLost' });
    expect(fixture.line()).toContain(fixture.values.old);
  });

  it('forgets the earlier value once that is retired', async () => {
    await write();
    expect(fixture.names()).toHaveLength(2);

    await attempt(() => fixture.deployment.forgetEarlier(fixture.next));

    expect(fixture.names()).toEqual(['.env']);
  });

  it('has no secret in names of files and in what failures say', async () => {
    await write();
    const names = fixture.names().join(' ');
    fixture.edit('WEBDAV_PASSWORD=by-hand');
    const { message } = await failureOf(restore());
    const { detail } = await ours();
    fixture.configured.envFile = null;
    const unknown = await failureOf(write());

    const { values } = fixture;
    for (const text of [names, message, detail, unknown.message])
      for (const value of [values.old, values.next]) expect(text).not.toContain(value);
    expect(unknown.message).toBe('where docs has its environment file is not known: set deployment.envFile');
  });
});

describe('whether the value is still ours', () => {
  beforeEach(async () => {
    await write();
    await fixture.lab.compose?.run(['up', '--force-recreate']);
    await new Promise(setImmediate);
  });

  it('is proved by the file, by the absence of a row, and by what the API shows', async () => {
    expect(await ours()).toMatchObject({ kind: 'setting-ours', outcome: 'proved' });
  });

  it.each([
    ['the file was edited', () => fixture.edit('WEBDAV_PASSWORD=by-hand'), 'does not show our value'],
    ['a row overrides it', () => fixture.lab.editSetting(key, fixture.values.next, 'ann'), 'overrides the environment'],
    ['an empty row does', () => fixture.lab.editSetting(key, '', 'ann'), 'does not show our value'],
  ])('fails where %s', async (_, change, says) => {
    change();

    const finding = await ours();

    expect(finding.outcome).toBe('failed');
    expect(finding.detail).toContain(says);
  });
});

describe('the rows of the settings', () => {
  const drop = () => attempt(() => fixture.deployment.deleteRows(fixture.next));
  const putBack = () => attempt(() => fixture.deployment.restoreRows(fixture.next));

  it('are deleted, which changes no value in use, and put back with what they held', async () => {
    fixture.lab.editSetting(key, 'of-the-database', 'ann');
    const inUse = fixture.uses();

    await drop();
    const then = [fixture.lab.setting(key), fixture.uses()];
    const due = await fixture.evidence('restart-due');
    await putBack();
    await putBack();

    expect(inUse).toEqual({ api: 'of-the-database', worker: 'of-the-database' });
    expect(then).toEqual([fixture.values.old, inUse]);
    expect(due).toHaveLength(1);
    expect([fixture.lab.setting(key), fixture.uses()]).toEqual(['of-the-database', inUse]);
  });

  it('need no restart where there are none, and nothing is put back', async () => {
    await drop();
    await putBack();

    expect((await fixture.bench.store.read(fixture.next)).receipts[`row of ${key}`]).toEqual({ before: 0 });
    expect(await fixture.evidence('restart-due')).toEqual([]);
    expect(fixture.lab.setting(key)).toBe(fixture.values.old);
  });

  it('are known to be deleted when only the answer was lost', async () => {
    fixture.lab.editSetting(key, 'of-the-database', 'ann');
    fixture.lab.faults.add({ method: 'DELETE', path: `/api/settings/${key}`, kind: 'reset-after' });

    expect(await failureOf(drop())).toMatchObject({ type: 'Unavailable' });
    await drop();
    expect(await fixture.evidence('restart-due')).toHaveLength(1);
    await putBack();

    expect(fixture.lab.setting(key)).toBe('of-the-database');
  });

  it('are the own write of the version before, once they are back', async () => {
    fixture.lab.editSetting(key, fixture.values.old, 'ann');
    await drop();
    await putBack();

    expect((await fixture.bench.store.read(fixture.old)).receipts[key]).toEqual({ before: 2, ours: 3 });
    expect(await attempt(() => fixture.deployment.survey(fixture.bench.credential))).toEqual({
      byRestart: true,
      settings: [expect.objectContaining({ key, version: fixture.old.number, byUs: true })],
    });
  });

  it('come back as far as they can, and the others are named', async () => {
    const deployment = fixture.activitiesFor({ [key]: 'key', ftp_password: 'key' });
    fixture.lab.editSetting(key, 'of-the-database', 'ann');
    fixture.lab.editSetting('ftp_password', 'of-the-database', 'ann');
    await attempt(() => deployment.deleteRows(fixture.next));
    fixture.lab.editSetting('ftp_password', 'by-hand', 'ann');

    const failure = await failureOf(attempt(() => deployment.restoreRows(fixture.next)));

    expect(failure.message).toContain('ftp_password was changed by ann');
    expect(fixture.lab.setting(key)).toBe('of-the-database');
  });

  it('are left alone where somebody has written another since', async () => {
    fixture.lab.editSetting(key, 'of-the-database', 'ann');
    await drop();
    fixture.lab.editSetting(key, 'by-hand', 'ann');

    expect(await failureOf(putBack())).toMatchObject({ type: 'NeedsDecision' });
    expect(fixture.lab.setting(key)).toBe('by-hand');
  });

  it('are not deleted by an attempt that has lost the fence', async () => {
    fixture.lab.editSetting(key, 'of-the-database', 'ann');
    await fixture.bench.rotate();

    expect(await failureOf(drop())).toMatchObject({ type: 'FenceLost' });
    expect(fixture.lab.setting(key)).toBe('of-the-database');
  });

  it('are not put back with a value that is compromised', async () => {
    fixture.lab.editSetting(key, 'of-the-database', 'ann');
    await drop();
    await fixture.bench.store.note({ ...fixture.next, number: fixture.old.number }, { compromised: true });

    expect(await failureOf(putBack())).toMatchObject({ type: 'NeedsDecision' });
  });
});

describe('what keyturn check says', () => {
  const checkEngine = () => attempt(() => fixture.deployment.checkEngine(fixture.bench.credential));
  const checkAccess = () => attempt(() => fixture.deployment.checkAccess(fixture.bench.credential));

  it('finds a file that can be replaced, and a program', async () => {
    const found = await checkEngine();

    expect(found.map(({ ok, warning }) => [ok, warning])).toEqual([
      [true, undefined],
      [true, undefined],
      [true, undefined],
    ]);
  });

  it('warns about a file that everybody can read, and about services that keep the old environment', async () => {
    chmodSync(fixture.envFile, 0o644);
    fixture.configured.restart = ['docker', 'compose', 'up', '-d', '--force-recreate', 'api'];

    const [file, , command] = await checkEngine();

    expect(file).toMatchObject({ warning: true, detail: expect.stringContaining('everybody') as string });
    expect(command?.detail).toContain('does not name worker and beat');
  });

  it('finds no file where it is on another machine', async () => {
    fixture.configured.envFile = `${fixture.envFile}.elsewhere`;

    expect((await checkEngine())[0]).toMatchObject({ ok: false });
  });

  it('warns about another value in the file than the one in force', async () => {
    const [fine] = await checkAccess();
    fixture.edit(`WEBDAV_PASSWORD=${randomValue()}`);
    const [other] = await checkAccess();

    expect(fine).toMatchObject({ ok: true, detail: 'holds the value in force' });
    expect(other).toMatchObject({ ok: true, warning: true });
    expect(other?.detail).toContain('holds another value than the one in force');
    expect(other?.detail).toContain('deliver:');
  });

  it('says nothing where nothing is configured', async () => {
    [fixture.configured.envFile, fixture.configured.restart] = [null, null];

    expect([await checkEngine(), await checkAccess()]).toEqual([[], []]);
  });
});
