import { docuElevateRequests } from '../../../activities/docuelevate/requests.js';
import type { Finding } from '../../../src/domain/evidence.js';
import type { VersionRef } from '../../../src/domain/version.js';
import { type AzureLab, startAzureLab } from '../../../src/lab/azure/server.js';
import { linesOf, patternOf } from '../../contracts/requests.js';
import { type Bench, failureOf, startBench } from '../bench.js';
import { type DocuElevateFixture, startDocuElevateFixture } from './fixture.js';

let bench: Bench;
let azure: AzureLab;
let fixture: DocuElevateFixture;
let version: VersionRef;

beforeEach(async () => {
  bench = await startBench();
  azure = await startAzureLab();
  fixture = await startDocuElevateFixture(bench, { azureEndpoint: azure.url, azureKey: azure.inSlot('Key1') });
  fixture.engine.settings = { azure_ai_key: 'key' };
  fixture.lab.editSetting('ocr_providers', 'azure', 'somebody');
  version = (await bench.rotate()).next;
  await fixture.install(version, { key: azure.inSlot('Key1') });
});
afterEach(async () => {
  await fixture.stop();
  await azure.stop();
  await bench.close();
});

const scan = (): Promise<Finding> =>
  bench.attempt(() =>
    fixture.docuelevate.processTestDocument({ version, expect: 'run_ocr_providers', scanFor: 'azure' }),
  );
const test = (): Promise<Finding> =>
  bench.attempt(() => fixture.docuelevate.testConnection({ version, service: 'azure' }));
const read = (): number => azure.requests.filter(({ path }) => path.endsWith(':analyze')).length;

describe('A scan', () => {
  it('shows that Azure read it, and leaves nothing behind', async () => {
    expect(await scan()).toMatchObject({ kind: 'document', outcome: 'proved' });
    expect(read()).toBe(1);
    expect(fixture.lab.files()).toEqual([]);
  });

  it('fails when Azure refuses the key', async () => {
    azure.regenerateByHand('Key1');

    expect(await scan()).toMatchObject({ outcome: 'failed' });
  });

  it('shows nothing when another OCR engine read it in the place of Azure', async () => {
    fixture.lab.editSetting('ocr_providers', 'azure,tesseract', 'somebody');
    const both = await scan();
    azure.regenerateByHand('Key1');
    const fallback = await scan();

    expect([both.outcome, fallback.outcome]).toEqual(['proved', 'not-observable']);
    expect(fallback.detail).toContain('some of several services succeeded');
  });

  it('is not handed in where scans are read by others only', async () => {
    fixture.lab.editSetting('ocr_providers', 'tesseract', 'somebody');

    expect(await scan()).toMatchObject({
      outcome: 'not-observable',
      detail: 'ocr_providers is tesseract, so no document is read by azure',
    });
    expect(fixture.lab.requests.map(({ path }) => path)).not.toContain('/api/intake/documents');
  });
});

describe("The engine's own test", () => {
  it('is read by its body, since a failure is answered with 200 as well', async () => {
    const before = await test();
    azure.regenerateByHand('Key1');
    const after = await test();

    expect([before, after]).toMatchObject([
      { kind: 'connection', outcome: 'proved' },
      { kind: 'connection', outcome: 'failed', detail: 'GET /api/azure/test answered error' },
    ]);
  });

  it('passes nothing of its words on, which may hold the key', async () => {
    const value = `${azure.inSlot('Key1')}\n`;
    fixture.lab.editSetting('azure_ai_key', value, 'somebody');

    expect(JSON.stringify(await test())).not.toContain(value.trim());
  });

  it('is no verdict when the answer has another shape', async () => {
    fixture.lab.faults.add({
      method: 'GET',
      path: '/api/azure/test',
      kind: { status: 200, body: '{"status":"maybe"}' },
    });

    expect(await failureOf(test())).toMatchObject({ type: 'Unavailable', nonRetryable: false });
  });
});

it('declares what a scan and the test send', async () => {
  for (const [work, verb] of [
    [scan, 'processTestDocument'],
    [test, 'testConnection'],
  ] as const) {
    const before = fixture.lab.requests.length;
    await work();
    expect(linesOf(fixture.lab.requests.slice(before))).toMatch(patternOf(docuElevateRequests[verb]));
  }
});
