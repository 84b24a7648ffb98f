import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpoints } from '../../../activities/openai/requests.js';
import { readDescription } from '../../lab/schema.js';

const folder = process.env.KEYTURN_VENDOR_SPECS;

if (folder === undefined) {
  it('is not held against the vendor’s description, because KEYTURN_VENDOR_SPECS names no folder that has it', () => {
    console.log('KEYTURN_VENDOR_SPECS is not set: our OpenAI client was not held against openai-admin.yaml');
  });
} else {
  it('makes only requests that the vendor describes', async () => {
    const { paths } = readDescription(await readFile(join(folder, 'openai-admin.yaml'), 'utf8'));
    const unnamed = (path: string): string => path.replace(/\{\w+\}/g, '{}');

    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${unnamed(path)}`),
    );

    for (const { method, path } of Object.values(endpoints)) expect(described).toContain(`${method} ${unnamed(path)}`);
  });
}
