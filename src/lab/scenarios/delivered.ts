import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { leftBehindIn } from '../left-behind.js';
import type { Scenario } from '../scenario.js';
import { temporaryFolder } from '../temporary-folder.js';

const variable = 'KEYTURN_VALUE';

/**
 * The scenario with another program that uses the value beside the engine. It reads the value from an environment file,
 * where Keyturn puts it. Until the value is there for the first time, the program does nothing.
 */
export async function delivered(scenario: Scenario): Promise<Scenario> {
  const { path: folder, remove } = temporaryFolder('keyturn-delivered-');
  const envFile = join(folder, '.env');
  const held = (): string | undefined =>
    existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8'))[variable] : undefined;
  const { engines, credentials } = scenario.config;
  const deliver = [{ envFile, variable }];
  return {
    ...scenario,
    config: {
      engines,
      credentials: Object.fromEntries(
        Object.entries(credentials).map(([name, entry]) => [name, { ...entry, deliver }]),
      ),
    },
    async consume() {
      const value = held();
      // the step that ends the value comes after the one that removes it from the file
      const works = value === undefined || scenario.working().includes(value);
      return (await scenario.consume()) && works;
    },
    leftBehind: () => leftBehindIn(folder),
    async stop() {
      await scenario.stop();
      await remove();
    },
  };
}
