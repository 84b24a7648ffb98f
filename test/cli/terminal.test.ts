import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { DocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { hasTerminals, type Running, type Fixture, startFixture } from './fixture.js';

jest.setTimeout(60_000); // each command is a process of its own

let fixture: Fixture;

beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.stop());

const type = (running: Running, text: string): void => void running.process.stdin?.write(`${text}\r`);
const shown = async (running: Running): Promise<string> => stripVTControlCharacters((await running.ended).stdout);

(hasTerminals() ? describe : describe.skip)('in a terminal', () => {
  it('asks why, and takes no emergency without a reason', async () => {
    const declaring = fixture.startInTerminal('emergency', 'openai');

    await declaring.says('Why?');
    type(declaring, '');
    await declaring.says('Say why');
    declaring.process.stdin?.write('\x03');

    expect(await shown(declaring)).toContain('Interrupted');
    expect((await declaring.ended).code).toBe(130);
  });

  it('breaks what is too long between words', async () => {
    const screen = await shown(fixture.startInTerminal('rotate', 'openai'));

    expect(screen).toContain('State');
    for (const line of screen.split('\n')) expect(line.trimEnd().length).toBeLessThanOrEqual(120);
  });

  it('asks for a value without showing it, and whether anything else uses it', async () => {
    const value = fixture.scenario.adopted['key'] ?? '';
    const adopting = fixture.startInTerminal('adopt', 'openai');

    await adopting.says('Value of openai');
    type(adopting, value);
    await adopting.says('Does anything besides DocuElevate use this key?');
    type(adopting, '');

    const screen = await shown(adopting);
    expect(screen).toContain('openai is adopted');
    expect(screen).toMatch(/Used by +only the engine, as you stated/);
    expect(screen).not.toContain(value);
  });

  it('changes nothing when the question is left with Ctrl-C', async () => {
    const adopting = fixture.startInTerminal('adopt', 'openai');

    await adopting.says('Value of openai');
    adopting.process.stdin?.write('\x03');

    expect(await shown(adopting)).toContain('Interrupted');
    expect((await adopting.ended).code).toBe(130);
  });

  it('shows a value to who asks for it, and the ledger says so', async () => {
    const screen = await shown(fixture.startInTerminal('reveal', 'openai', '--reason', 'a drill'));

    expect(screen).toContain(fixture.scenario.adopted['key']);
    const ledger = await fixture.keyturn('ledger', 'openai', '--limit', '1', '--json');
    expect(ledger.json()).toMatchObject({ entries: [{ event: 'revealed', version: 1, detail: 'a drill' }] });
    const unknown = await shown(fixture.startInTerminal('reveal', 'openai', '--version', '7', '--reason', 'a drill'));
    expect(unknown).toContain('Give --version: 1 (current)');
  });

  it('draws the steps live, and leaves the rotation alone on Ctrl-C', async () => {
    const up = fixture.start(['up']);
    await up.says('Ready.');
    const rotating = fixture.startInTerminal('rotate', 'openai', '--grace', '20 minutes');

    await rotating.says('the old one is retired at');
    rotating.process.stdin?.write('\x03');

    const screen = await shown(rotating);
    expect(screen).toMatch(/\nreplace\r?\n[\s\S]*✔ Create a new secret key[\s\S]*\nverify\r?\n/);
    expect(screen).toContain('⠋ Keep version 1 usable'); // it turns
    expect(screen).toContain('Detached');
    expect((await rotating.ended).code).toBe(130);
    expect((await fixture.keyturn('status')).stdout).toContain('in grace');
  });

  it('asks which engine there is, and writes what it finds', async () => {
    const engine = fixture.scenario.systems['docuelevate'] as DocuElevateLab;
    for (const file of ['keyturn.yaml', 'keyturn.secrets'])
      rmSync(join(fixture.dir, file), { recursive: true, force: true });
    const asking = fixture.startInTerminal('init');

    await asking.says('Which engine');
    type(asking, '');
    await asking.says('Its address');
    type(asking, engine.url);
    await asking.says('Administrator');
    type(asking, engine.adminUsername);
    await asking.says('Password');
    type(asking, engine.adminPassword);

    const screen = await shown(asking);
    expect(screen).toContain('To fill in:');
    expect(screen).not.toContain(engine.adminPassword);
    expect(existsSync(join(fixture.dir, 'keyturn.yaml'))).toBe(true);
    expect(readFileSync(join(fixture.dir, 'keyturn.secrets/docs-admin'), 'utf8').trim()).toBe(engine.adminPassword);
  });
});
