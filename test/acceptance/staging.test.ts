import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { enter } from './instance.js';
import { readStaging, rotationsOf } from './staging.js';

describe('what the environment says of a staging instance', () => {
  let folder: string;
  let env: Record<string, string>;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyturn-acceptance-'));
    const password = join(folder, 'password');
    writeFileSync(password, 'of the administrator\n');
    env = {
      KEYTURN_DOCUELEVATE_URL: 'http://127.0.0.1:8000/',
      KEYTURN_DOCUELEVATE_ADMIN: 'admin',
      KEYTURN_DOCUELEVATE_ADMIN_PASSWORD_FILE: password,
      KEYTURN_OPENAI_PORT: '8790',
    };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read, the password from its file', () => {
    expect(readStaging(env)).toEqual({
      url: 'http://127.0.0.1:8000',
      adminUsername: 'admin',
      adminPassword: 'of the administrator',
      openAiPort: 8790,
    });
  });

  it.each<[string, string[]]>([
    ['none', []],
    ['some', ['KEYTURN_DOCUELEVATE_URL']],
  ])('names everything that is missing where %s of it is there', (_, there) => {
    const part = Object.fromEntries(Object.entries(env).filter(([name]) => there.includes(name)));

    const { why } = readStaging(part) as { why: string };

    for (const name of Object.keys(env)) expect(why.includes(`${name} (`)).toBe(!there.includes(name));
  });

  it("is the project's own lab only where nobody names an instance", () => {
    expect(readStaging({ KEYTURN_ACCEPTANCE: 'lab' })).toBe('lab');
    expect(readStaging({ ...env, KEYTURN_ACCEPTANCE: 'lab' })).toMatchObject({ openAiPort: 8790 });
  });

  it('asks for three rotations a case, or for as many as somebody says', () => {
    expect([rotationsOf({}), rotationsOf({ KEYTURN_ACCEPTANCE_ROTATIONS: '50' })]).toEqual([3, 50]);
    expect(() => rotationsOf({ KEYTURN_ACCEPTANCE_ROTATIONS: 'many' })).toThrow('a number');
  });
});

describe('an instance that is named', () => {
  let openai: OpenAiLab;
  let docuelevate: DocuElevateLab;
  beforeEach(async () => {
    openai = await startOpenAiLab();
    const [key] = openai.createServiceAccount('documents').keys;
    docuelevate = await startDocuElevateLab({
      openAiBaseUrl: 'https://api.openai.com/v1',
      openAiKey: key?.value ?? '',
    });
  });
  afterEach(async () => {
    await Promise.all([openai.stop(), docuelevate.stop()]);
  });

  it('is left alone, and told what to set, where it calls another OpenAI', async () => {
    await expect(enter(docuelevate, openai)).rejects.toThrow(
      `set OPENAI_BASE_URL=${openai.baseUrl} in the environment`,
    );

    expect(docuelevate.requests.filter(({ method, path }) => method !== 'GET' && path !== '/auth')).toEqual([]);
  });

  it('is left alone where the password is wrong', async () => {
    const { url, adminUsername } = docuelevate;

    await expect(enter({ url, adminUsername, adminPassword: 'wrong' }, openai)).rejects.toThrow('does not let');
  });

  it('is left as it was found', async () => {
    docuelevate.editSetting('openai_base_url', openai.baseUrl, 'somebody');
    docuelevate.editSetting('openai_api_key', openai.createUserKey('by hand').value, 'somebody');
    const before = docuelevate.setting('openai_api_key');
    const instance = await enter(docuelevate, openai);
    for (const name of ['one', 'another']) await instance.setKey(openai.createUserKey(name).value);

    expect(await instance.leave()).toEqual([]);

    expect(docuelevate.setting('openai_api_key')).toBe(before);
  });
});
