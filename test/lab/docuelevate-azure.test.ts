import { randomUUID } from 'node:crypto';
import { FormData } from 'undici';
import { type AzureLab, startAzureLab } from '../../src/lab/azure/server.js';
import {
  type DocuElevateLab,
  type DocuElevateLabOptions,
  startDocuElevateLab,
} from '../../src/lab/docuelevate/server.js';
import { idle, visit, type Visitor } from './docuelevate-visitor.js';

let azure: AzureLab;
let lab: DocuElevateLab;
let admin: Visitor;

async function start(options: Partial<DocuElevateLabOptions> = {}): Promise<void> {
  await lab?.stop();
  lab = await startDocuElevateLab({ azureEndpoint: azure.url, azureKey: azure.inSlot('Key1'), ...options });
  admin = visit(lab);
  await admin.login();
}
beforeEach(async () => {
  azure = await startAzureLab();
  await start();
});
afterEach(() => Promise.all([lab.stop(), azure.stop()]));

/** What became of each step of a scan. */
async function steps(): Promise<Record<string, string>> {
  const form = new FormData();
  form.append('file', new Blob([`%PDF-1.4 /Subtype /Image ${randomUUID()}`], { type: 'application/pdf' }), 'scan.pdf');
  await admin.send('POST', '/api/ui-upload', { body: form });
  await idle(lab);
  return Object.fromEntries(lab.files().flatMap((file) => file.steps.map(({ name, status }) => [name, status])));
}
async function message(): Promise<unknown> {
  const logs = (await admin.get('/api/files/1')).list('logs') as { id: number; step_name: string; message: string }[];
  return logs.filter(({ step_name }) => step_name === 'run_ocr_providers').sort((a, b) => b.id - a.id)[0]?.message;
}
const test = async () => (await admin.get('/api/azure/test')).json;

describe('a scan', () => {
  it('is read by Azure: handed in, asked for, and fetched with its text', async () => {
    expect(await steps()).toMatchObject({ run_ocr_providers: 'success', process_with_ocr: 'success' });
    expect(azure.requests.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET']);
    expect(await message()).toBe('1 of 1 OCR provider(s) succeeded');
  });

  it('fails with a key that is refused, and goes no further', async () => {
    azure.regenerateByHand('Key1');

    const seen = await steps();

    expect(seen).toMatchObject({ run_ocr_providers: 'failure', process_with_ocr: 'failure' });
    expect(seen).not.toHaveProperty('extract_metadata_with_gpt');
  });

  it('succeeds with a key that is refused when another engine can read it', async () => {
    await start({ ocrProviders: 'azure, tesseract' });
    azure.regenerateByHand('Key1');

    expect(await steps()).toMatchObject({ run_ocr_providers: 'success', process_with_ocr: 'success' });
    expect(await message()).toBe('1 of 2 OCR provider(s) succeeded');
  });
});

describe("the engine's own test", () => {
  it('succeeds with a key that works', async () => {
    expect(await test()).toMatchObject({ status: 'success', operations_count: 0, endpoint: azure.url });
  });

  it('answers 200 also when the key is refused, and repeats what Azure said', async () => {
    azure.regenerateByHand('Key1');

    expect(await test()).toMatchObject({
      status: 'error',
      message: expect.stringContaining('Invalid API key') as string,
    });
  });

  it('says what is missing, and shows a key that cannot be sent', async () => {
    lab.editSetting('azure_ai_key', '', 'somebody');
    const unset = await test();
    lab.editSetting('azure_ai_key', 'a value with a line break\n', 'somebody');
    const broken = await test();

    expect(unset).toMatchObject({ status: 'error', message: expect.stringContaining('Missing: API key') as string });
    expect(JSON.stringify(broken)).toContain('a value with a line break');
  });
});
