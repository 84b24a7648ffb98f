import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import type { Scenario, StartScenario } from '../../src/lab/scenario.js';
import { startNextcloudAppPassword } from '../../src/lab/scenarios/nextcloud-app-password.js';
import { startPaperlessToken } from '../../src/lab/scenarios/paperless-token.js';
import { call } from './call.js';

const fixtures: readonly [string, StartScenario, string][] = [
  ['nextcloud', startNextcloudAppPassword, 'nextcloud_password'],
  ['paperless', startPaperlessToken, 'paperless_ngx_api_token'],
];

describe.each(fixtures)('the fixture of %s', (name, start, setting) => {
  let scenario: Scenario;

  beforeEach(async () => {
    scenario = await start();
  });
  afterEach(() => scenario.stop());

  it('begins with one value, which the engine holds and can use', async () => {
    const [value] = Object.values(scenario.adopted);

    expect([scenario.engineHolds(), scenario.working()]).toEqual([value, [value]]);
    expect(await scenario.consume()).toBe(true);
  });

  it('names every secret that is there', () => {
    const secrets = scenario.secrets();

    expect(secrets).toEqual(expect.arrayContaining(Object.values(scenario.adopted)));
    expect(secrets).toEqual(expect.arrayContaining(Object.values(scenario.secretFiles)));
    expect(JSON.stringify(scenario.config)).not.toContain(scenario.adopted['password'] ?? scenario.adopted['token']);
  });

  it('tells what others than the engine asked for', async () => {
    await scenario.consume();
    expect(scenario.received()).toEqual([]);

    await call(`${scenario.systems[name]?.url}/nothing/there`);

    expect(scenario.received()).toEqual([expect.objectContaining({ system: name, path: '/nothing/there' })]);
  });

  it('shows whether the value still works for the engine', async () => {
    (scenario.systems['docuelevate'] as DocuElevateLab).editSetting(setting, 'wrong', 'somebody');

    expect([scenario.engineHolds(), await scenario.consume()]).toEqual(['wrong', false]);
  });
});
