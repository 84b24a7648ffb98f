import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, relative } from 'node:path';
import { loadConfig } from '../../src/config/load.js';
import { catalog } from '../../workflows/catalog.js';

const pages = readdirSync('docs').map((name) => join('docs', name));
/** What a reader goes by, as opposed to what says how things were. */
const manuals = ['README.md', 'CONTRIBUTING.md', ...pages];
const beside = readdirSync('activities').map((name) => join('activities', name, 'README.md'));
const documents = [
  ...manuals,
  'DECISIONS.md',
  'CHANGELOG.md',
  'tools/temporal/README.md',
  ...beside.filter(existsSync),
];

const read = (document: string): string => readFileSync(document, 'utf8');
const fenced = /^ *```(\w*)\n([^]*?)^ *```$/gm;

/** A document without its blocks of code, and without code in its lines. */
function proseOf(text: string): string {
  return text.replaceAll(fenced, '').replaceAll(/`[^`\n]*`/g, '');
}

/** Where the links of a document go. */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(fenced, '').replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '));
  const shown = [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const bare = [...prose.matchAll(/^\[[^\]]+\]: (\S+)/gm)].map(([, target = '']) => target);
  return [...shown, ...bare];
}

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(text: string): string[] {
  const taken = new Map<string, number>();
  return [...text.replaceAll(fenced, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const before = taken.get(slug) ?? 0;
    taken.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** What is wrong with a link of a document; null when it goes where it says, or out of the project. */
function brokenBecause(document: string, target: string): string | null {
  if (/^(https?|mailto):/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (file.startsWith('..') || !existsSync(file)) return `${target}: there is no ${file}`;
  if (anchor === undefined) return null;
  return anchorsOf(read(file)).includes(anchor) ? null : `${target}: ${file} has no such heading`;
}

function shellLinesOf(text: string): string[] {
  return [...text.matchAll(fenced)]
    .filter(([, language]) => language === 'sh')
    .flatMap(([, , block = '']) => block.split('\n'))
    .map((line) => line.replace(/(^| )#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** The code that stands in the lines of a text. */
function codeOf(text: string): string[] {
  return [...text.replaceAll(fenced, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

describe('Links', () => {
  it.each(documents)('of %s lead to files and headings that are there', (document) => {
    const broken = linksOf(read(document)).map((target) => brokenBecause(document, target));

    expect(broken.filter((why) => why !== null)).toEqual([]);
  });

  it('lead from README to every page of docs', () => {
    const reached = new Set<string>();
    const open = ['README.md'];
    for (let document = open.pop(); document !== undefined; document = open.pop()) {
      if (reached.has(document) || !document.endsWith('.md') || !existsSync(document)) continue;
      reached.add(document);
      for (const target of linksOf(read(document)))
        open.push(normalize(join(dirname(document), target.split('#')[0] ?? '')));
    }

    expect(pages.filter((page) => !reached.has(page))).toEqual([]);
  });

  it.each([
    ['a file that is not there', '[a](docs/nowhere.md)', 'there is no docs/nowhere.md'],
    ['a heading that is not there', '[a](docs/security.md#nowhere)', 'no such heading'],
    ['a heading of its own that is not there', '[a](#nowhere)', 'no such heading'],
    ['a file outside of the project', '[a](../nowhere.md)', 'there is no ../nowhere.md'],
  ])('are told apart: %s', (_what, text, why) => {
    expect(linksOf(text).map((target) => brokenBecause('README.md', target))).toEqual([
      expect.stringContaining(why) as string,
    ]);
  });
});

describe('What the manuals tell a reader to type', () => {
  const main = join('dist', 'src', 'cli', 'main.js');
  const helps = new Map<string, string>();

  /** Help of a command, by its words; empty when there is no such command. */
  function helpOf(command: string): string {
    const known = helps.get(command);
    if (known !== undefined) return known;
    const { stdout } = spawnSync(process.execPath, [main, ...command.split(' '), '--help'], { encoding: 'utf8' });
    const help = stdout.startsWith(`Usage: keyturn ${command}`) ? stdout : '';
    helps.set(command, help);
    return help;
  }

  function unknownIn(line: string): string[] {
    const [, words = ''] = /(?:^|npx |; |\| )keyturn (.*)/.exec(line) ?? [];
    const [command = '', sub = '', ...others] = words.split(/\s+/);
    if (!/^[a-z][a-z-]*$/.test(command)) return [];
    const isGroup = ['schedules', 'notify', 'tasks'].includes(command) && /^[a-z]+$/.test(sub);
    const name = isGroup ? `${command} ${sub}` : command;
    const help = helpOf(name);
    if (help === '') return [`keyturn ${name}`];
    const options = [sub, ...others].flatMap((word) => /^--[a-z-]+/.exec(word) ?? []);
    return options.filter((option) => !help.includes(option)).map((option) => `keyturn ${name} ${option}`);
  }

  it.each(manuals)(
    'in %s are commands and options of keyturn',
    (document) => {
      const text = read(document);

      const unknown = [...shellLinesOf(text), ...codeOf(text)].flatMap(unknownIn);

      expect(unknown).toEqual([]);
    },
    60_000,
  );

  it.each(manuals)('in %s are scripts of the package', (document) => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const text = read(document);
    const lines = [...shellLinesOf(text), ...codeOf(text)].join('\n');

    const named = [...lines.matchAll(/npm (?:run (?:--silent )?)?([a-z][a-z:-]*)/g)].map(([, script = '']) => script);

    expect(named.filter((script) => script !== 'ci' && scripts[script] === undefined)).toEqual([]);
  });

  it.each(manuals)('in %s are files that are there', (document) => {
    const paths = codeOf(read(document)).filter((code) =>
      /^(src|test|activities|workflows|workers|tools)\/[\w./-]+$/.test(code),
    );

    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('are told apart: a command and an option that are not there', () => {
    expect(['npx keyturn frobnicate openai', 'keyturn rotate openai --sideways'].flatMap(unknownIn)).toEqual([
      'keyturn frobnicate',
      'keyturn rotate --sideways',
    ]);
  });
});

describe('README', () => {
  const blocks = [...read('README.md').matchAll(fenced)].map(([, language, block]) => ({ language, block }));

  it('begins with one command that sets up and runs the demo, and one that sets up and passes the tests', () => {
    expect(blocks.slice(0, 2)).toEqual([
      { language: 'sh', block: 'npm ci && npm run demo\n' },
      { language: 'sh', block: 'npm ci && npm test\n' },
    ]);
  });

  it('has a configuration of twelve lines that Keyturn takes as it stands', () => {
    const [{ block = '' } = {}, ...others] = blocks.filter(({ language }) => language === 'yaml');
    const folder = mkdtempSync(join(tmpdir(), 'keyturn-readme-'));
    const file = join(folder, 'keyturn.yaml');
    writeFileSync(file, block);

    const config = loadConfig(file, catalog);

    rmSync(folder, { recursive: true });
    expect(others).toEqual([]);
    expect(block.trim().split('\n')).toHaveLength(12);
    expect(relative(folder, config.store.file)).toBe('keyturn.db');
    expect(Object.keys(config.credentials)).toEqual(['openai']);
  });

  it('is read in three minutes', () => {
    const words = proseOf(read('README.md'))
      .split(/\s+/)
      .filter((word) => /\p{L}/u.test(word));

    expect(words.length).toBeLessThan(700); // some 230 words a minute
  });
});
