import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Lab, runLab } from '../../src/lab/lab.js';
import { scenarios } from '../../src/lab/scenarios/index.js';
import { adopt, partsToGive } from '../../src/operations/setup/adopt.js';
import { check, type Check } from '../../src/operations/setup/check.js';
import { openSession } from '../../src/operations/session/session.js';
import { createKeyRing } from '../../src/store/key-ring.js';
import { descriptorOf } from '../../workers/descriptor.js';

jest.setTimeout(60_000);

/** Adopts what the lab says is in force, as `keyturn adopt --stdin` reads it, and looks at everything. */
async function tryOut({ credential, configuration, valueInForce }: Lab): Promise<Check[]> {
  await createKeyRing(join(dirname(configuration), 'keyturn.keyring.json'));
  const session = await openSession({ file: configuration, create: true });
  const names = partsToGive(descriptorOf(session.config, credential));
  const text = readFileSync(valueInForce, 'utf8');
  const parts = names.length === 1 ? { [names[0]!]: text } : (JSON.parse(text) as Record<string, string>);
  await adopt(session, { credential, parts, soleUser: true, actor: 'test' });
  await session.close();
  const found: Check[] = [];
  for await (const each of check({ file: configuration, credentials: [] })) found.push(each);
  return found;
}

it.each(Object.keys(scenarios))(
  'has for %s a value that can be adopted and nothing that is not in place',
  async (id) => {
    const interruption = new AbortController();
    const ready = Promise.withResolvers<Lab>();
    const options = { procedure: id, grace: '1 second', interruption: interruption.signal } as const;
    const running = runLab({ ...options, onReady: ready.resolve });

    const lab = await ready.promise;
    const found = await tryOut(lab);
    interruption.abort();
    await running;

    expect(found.filter(({ ok }) => !ok)).toEqual([]);
    expect(Object.values(lab.systems).every((url) => url.includes('127.0.0.1') || url.startsWith('sftp'))).toBe(true);
    expect(existsSync(dirname(lab.configuration))).toBe(false);
  },
);
