import { inspect } from 'node:util';
import { hour, minute, type Fixture, startFixture } from './fixture.js';

// Where the engine does not try a value by itself, or the provider does not tell: then documents of users are all there is.
const procedures = ['aws-s3-access-keys', 'sftp-private-key', 'azure-document-intelligence-key'];

let fixture: Fixture;
async function begin(procedure: string): Promise<void> {
  fixture = await startFixture(procedure);
  await fixture.rotate();
  await fixture.pass(hour);
  await fixture.look();
}
afterEach(() => fixture.stop());

const next = async (ms = hour) => {
  await fixture.pass(ms);
  return fixture.look();
};

describe.each(procedures)('%s', (procedure) => {
  it('is not called verified while nothing of the engine shows it', async () => {
    await begin(procedure);

    expect(await next()).toMatchObject({ heal: false, known: { state: 'not-observable', verifiedAt: null } });
  });

  it('is verified by a document of a user that went through since the last look, of which nothing is kept but that', async () => {
    await begin(procedure);
    await fixture.handIn();

    const seen = await next();

    expect(seen).toMatchObject({ known: { state: 'verified', verifiedAt: fixture.now } });
    expect(inspect(seen, { depth: 9 })).not.toContain('letter');
  });

  it('is not verified by a document while the value before it lives', async () => {
    fixture = await startFixture(procedure);
    await fixture.pass(hour);
    await fixture.look();
    await fixture.pass(20 * minute); // what comes soon after our own question is taken for ours
    await fixture.handIn();

    const { known } = await next();

    expect(known?.state).toBe(procedure.startsWith('aws') ? 'verified' : 'not-observable'); // AWS saw it used
  });

  it('is suspected when documents fail after an emptied Redis, healed, and verified by what goes through then', async () => {
    await begin(procedure);
    fixture.engine.emptyRedis();
    fixture.engine.restartWorker();
    await fixture.handIn();

    const suspected = await next(minute);
    const { why } = await fixture.heal();
    await fixture.pass(suspected.againMs!);
    await fixture.handIn();
    const after = await next(minute);

    expect(suspected).toMatchObject({ heal: true, known: { state: 'suspected', drift: 'failing' } });
    expect(why).toBeNull();
    expect(after.known).toMatchObject({ state: 'verified', healedBy: 'keyturn' });
  });
});

it('a password that the engine falls back to takes every document its meaning', async () => {
  await begin('sftp-private-key');
  fixture.engine.editSetting('sftp_password', 'of-somebody', 'bob');
  await fixture.handIn();

  expect((await next()).known).toMatchObject({ state: 'not-observable' });
});
