import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { createPlayground, type Playground } from '../../src/lab/playground.js';
import type { Scenario } from '../../src/lab/scenario.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { adopt, notAdopted } from '../../src/operations/setup/adopt.js';
import { Interrupted, NotReachable } from '../../src/operations/session/refusals.js';
import { openSession, type Session } from '../../src/operations/session/session.js';
import type { Version } from '../../src/store/records.js';
import { catalog } from '../../workflows/catalog.js';

let scenario: Scenario;
let playground: Playground;
let session: Session;

async function begin(procedure: string): Promise<void> {
  scenario = await scenarios[procedure]!();
  playground = await createPlayground(scenario, { grace: '0 seconds' });
  session = await openSession({ file: playground.file, create: true });
}
afterEach(async () => {
  await session.close();
  await playground.remove();
  await scenario.stop();
});

const engine = (): DocuElevateLab => scenario.systems['docuelevate'] as DocuElevateLab;
async function adopted(): Promise<Version> {
  const { credential, adopted: parts } = scenario;
  return session.store.read(await adopt(session, { credential, parts, soleUser: true, actor: 'test' }));
}

const settings = catalog
  .filter((descriptor) => descriptor.engine === 'docuelevate')
  .flatMap(({ id, settings: fed, optionalParts = [] as readonly string[] }) =>
    Object.entries(fed)
      .filter(([, part]) => !optionalParts.includes(part))
      .map(([setting]) => [id, setting] as const),
  );

describe('A valid value that DocuElevate does not use', () => {
  it.each(settings)('is not adopted: %s, when %s holds another', async (procedure, setting) => {
    await begin(procedure);
    const other = `zzqx-${randomBytes(9).toString('hex')}`;
    const before = engine().setting(setting);
    engine().editSetting(setting, other, 'somebody');

    const failure = await adopted().catch((error: unknown) => error);

    expect(failure).toMatchObject({ message: expect.stringContaining(setting) as string });
    expect(inspect(failure)).not.toContain('zzqx');
    expect(await session.store.versions()).toEqual([]);
    engine().editSetting(setting, before, 'somebody');
    expect(await adopted()).toMatchObject({ number: 1, state: 'current' });
  });

  it('is not adopted when the setting is not set at all', async () => {
    await begin('openai-api-key');
    engine().editSetting('openai_api_key', '', 'somebody');

    await expect(adopted()).rejects.toThrow('openai_api_key is not set in DocuElevate');
  });
});

it('is refused when another credential has it: it would change on one side alone', async () => {
  await begin('openai-api-key');
  const { credential, adopted: parts } = scenario;
  const other = { name: 'azure', procedure: 'azure', account: 'azure' };
  await session.store.adopt({ credential: other, parts, soleUser: true, actor: 'test', claims: [] });

  const failure = adopt(session, { credential, parts, soleUser: true, actor: 'test' });

  await expect(failure).rejects.toMatchObject({
    message: 'The value was not adopted: it is version 1 of azure already',
    next: expect.stringContaining('One value that feeds several settings is one credential') as string,
  });
  expect(await session.store.versions(credential)).toEqual([]);
});

it('is adopted although the provider fails for a moment', async () => {
  await begin('openai-api-key');
  const { openai } = scenario.systems;
  openai?.faults.add({ method: 'GET', path: '/v1/models', times: 2, kind: { status: 503 } });
  const told: string[] = [];
  const { credential, adopted: parts } = scenario;
  const onRetry = (why: string): void => void told.push(why);

  const { number } = await adopt(session, { credential, parts, soleUser: true, actor: 'test' }, { onRetry });

  expect(number).toBe(1);
  expect(told).toEqual(Array(2).fill('OpenAI listModels answered 503'));
});

it('is not said to be wrong when nobody judged it', () => {
  const away = notAdopted('openai', { why: 'OpenAI listModels answered 503', kind: 'passing' });
  const wrong = notAdopted('openai', { why: 'OpenAI refused it', kind: 'final' });

  expect(away).toBeInstanceOf(NotReachable);
  expect(away.next).toBe('Run keyturn check, which names what does not answer, and try again: keyturn adopt openai');
  expect(wrong.next).toBe('Give the value that the engine uses now, and try again: keyturn adopt openai');
});

it('leaves nothing behind when it is interrupted', async () => {
  await begin('openai-api-key');
  const { openai } = scenario.systems;
  openai?.faults.add({ method: 'GET', path: '/v1/models', times: Infinity, kind: { status: 503 } });
  const interruption = new AbortController();
  const watcher = { signal: interruption.signal, onRetry: () => interruption.abort(new Interrupted()) };
  const { credential, adopted: parts } = scenario;

  const adopting = adopt(session, { credential, parts, soleUser: true, actor: 'test' }, watcher);

  await expect(adopting).rejects.toThrow(Interrupted);
  expect(await session.store.versions()).toEqual([]);
  openai?.faults.clear();
  expect(await adopted()).toMatchObject({ number: 1, state: 'current' });
});

it('remembers whether a setting came from the environment or from the database', async () => {
  await begin('aws-s3-access-keys');
  engine().editSetting('aws_access_key_id', engine().setting('aws_access_key_id'), 'somebody');

  expect((await adopted()).sources).toEqual({ aws_access_key_id: 'db', aws_secret_access_key: 'env' });
});
