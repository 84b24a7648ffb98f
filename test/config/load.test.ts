import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { ConfigError } from '../../src/config/config-error.js';
import { environment, loadConfig } from '../../src/config/load.js';
import { catalog as everyProcedure } from '../../workflows/catalog.js';
import { catalog } from './catalog.js';
import { complaints, errorOf, file, load, small, withLine } from './file.js';

describe('a configuration that is right', () => {
  it('is completed with defaults', () => {
    const config = load(small);

    expect(config.credentials.openai).toEqual({
      procedure: 'openai-api-key',
      engine: 'docs',
      provider: {
        adminKey: { env: 'OPENAI_ADMIN_KEY' },
        project: 'proj_abc',
        baseUrl: 'https://api.openai.com/v1',
        propagation: '60 seconds',
        usageResolution: '16 minutes',
        usageLag: '24 hours',
      },
      unseenUse: 'ask',
      via: 'settings',
      grace: '24 hours',
      giveUpAfter: '1 hour',
    });
  });

  it('has every path made absolute from its own folder', () => {
    const config = load(
      withLine(
        6,
        '    admin: { username: a, password: { file: ../admin } }\n    deployment: { envFile: .env }',
      ).replace('{ env: OPENAI_ADMIN_KEY }', '{ file: /run/openai }'),
    );

    const folder = dirname(file);
    expect(config.store).toEqual({ file: join(folder, 'keyturn.db') });
    expect(config.keyRing).toEqual({ file: join(folder, 'keyturn.keyring.json') });
    expect(config.data).toBe(join(folder, '.keyturn'));
    expect(config.engines.docs).toMatchObject({
      admin: { password: { file: join(dirname(folder), 'admin') } },
      deployment: { envFile: join(folder, '.env') },
    });
    expect(config.credentials.openai?.provider).toMatchObject({ adminKey: { file: '/run/openai' } });
  });

  it('may take the key ring from the environment', () => {
    expect(load(`${small}keyRing: { env: KEYTURN_KEYRING }\n`).keyRing).toEqual({ env: 'KEYTURN_KEYRING' });
  });

  it('may say when rotations begin', () => {
    const config = load(
      `${small}    schedule: { window: { days: [tue, wed], hours: 9-16, timezone: Europe/Berlin } }\n`,
    );

    expect(config.credentials.openai?.schedule?.window).toEqual({
      days: ['tue', 'wed'],
      hours: { from: 9, to: 16 },
      timezone: 'Europe/Berlin',
    });
  });

  it.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['utc', 'UTC'],
    ['Europe/Kyiv', 'Europe/Kyiv'],
  ])('may write its time zone in any spelling: %s', (written, timezone) => {
    const config = load(`${small}    schedule: { window: { days: [tue], hours: 9-16, timezone: ${written} } }\n`);

    expect(config.credentials.openai?.schedule?.window?.timezone).toBe(timezone);
  });

  it('may name moments instead of an interval, and dates on which nothing begins', () => {
    const config = load(
      `${small}    schedule: { cron: '0 9 1 */3 *', reason: audits, skip: ["2026-12-24"], jitter: 10 minutes }\n`,
    );

    expect(config.credentials.openai?.schedule).toEqual({
      ...{ cron: '0 9 1 */3 *', reason: 'audits', skip: ['2026-12-24'], jitter: '10 minutes' },
    });
  });

  it('lets two rotations of one provider and of one engine be in progress at a time, unless it says otherwise', () => {
    expect(load(small).limits).toEqual({ perProvider: 2, perEngine: 2 });
    expect(load(`${small}limits: { perEngine: 1 }\n`).limits).toEqual({ perProvider: 2, perEngine: 1 });
  });

  it('has what is in force looked at every hour, unless it says otherwise', () => {
    expect(load(small).verification).toEqual({ every: '1 hour' });
    expect(load(`${small}verification: { every: 0 seconds }\n`).verification).toEqual({ every: '0 seconds' });
  });

  it('may say who is told', () => {
    const text = `${small}notifications:
  webhook: { url: 'https://hooks.example.com/keyturn/', secret: { file: ./hook } }
  email: { host: mail.example.com, from: keyturn@example.com, to: [platform@example.com] }
`;

    expect(load(text).notifications).toEqual({
      webhook: { url: 'https://hooks.example.com/keyturn', secret: { file: join(dirname(file), 'hook') } },
      email: {
        ...{ host: 'mail.example.com', port: 587, security: 'starttls' },
        ...{ from: 'keyturn@example.com', to: ['platform@example.com'] },
      },
      dueSoon: '7 days',
    });
  });

  it('spells equal addresses alike', () => {
    expect(load(withLine(5, '    url: HTTPS://Docs.Example.com:443/')).engines.docs?.url).toBe(
      'https://docs.example.com',
    );
  });

  it('may have an interval of its own with a reason', () => {
    const config = load(`${small}    schedule: { every: 30 days, reason: our customer asks for it }\n`);

    expect(config.credentials.openai?.schedule?.every).toBe('30 days');
  });

  it('needs no reason for the interval that is recommended anyway', () => {
    expect(() => load(`${small}    schedule: { every: 2160 hours }\n`)).not.toThrow();
  });

  it('lets an engine sign in with a credential of its own', () => {
    expect(() => load(small.replace('{ file: ./admin }', '{ credential: openai }'))).not.toThrow();
  });

  it('may repeat a section with an alias', () => {
    const config = load(
      small
        .replace('admin: {', 'admin: &admin {')
        .replace(
          'credentials:',
          '  other:\n    kind: docuelevate\n    url: https://other.example.com\n    admin: *admin\ncredentials:',
        ),
    );

    expect(config.engines.docs).toHaveProperty('admin');
    expect(config.engines.other).toMatchObject({ ...config.engines.docs, url: 'https://other.example.com' });
  });

  it('is read by the example', () => {
    const config = loadConfig('keyturn.example.yaml', everyProcedure);

    expect(Object.keys(config.credentials)).toEqual(['openai', 'azure', 's3', 'viewer-jwt', 'sftp']);
    expect(readFileSync('keyturn.example.yaml', 'utf8').split('\n')[0]).toBe(
      '# yaml-language-server: $schema=./keyturn.schema.json',
    );
  });
});

const howToKeepSecrets =
  'write where the secret is kept, as one of { file: path }, { env: NAME } or { credential: name }';

describe('a mistake is told with its place', () => {
  it.each([
    ['a missing section', withLine(1, ''), '1:1 store: is missing'],
    [
      'an empty section',
      `${small}keyRing:\n`,
      '12:1 keyRing: write where the key ring is kept, as { file: path } or { env: NAME }; the keys are never in this file',
    ],
    ['a missing key', withLine(4, ''), '3:3 engines.docs.kind: is missing'],
    [
      'an unknown key',
      withLine(10, '    engne: docs\n    engine: docs'),
      '10:5 credentials.openai.engne: is not a key of this section; did you mean "engine"?',
    ],
    [
      'a key by its earlier name',
      withLine(10, '    patience: 10 minutes\n    engine: docs'),
      '10:5 credentials.openai.patience: is not a key of this section; it is "giveUpAfter" now',
    ],
    [
      'an unknown key at the top',
      `${small}credentails: {}\n`,
      '12:1 credentails: is not a key of this section; did you mean "credentials"?',
    ],
    [
      'an unknown key of a provider',
      withLine(11, '    provider: { adminKey: { env: A }, project: proj_a, base: x }'),
      '11:56 credentials.openai.provider.base: is not a key of this section; known: adminKey, project, baseUrl, propagation, keyLifetime, keyScopes, usageResolution, usageLag',
    ],
    [
      'text where a section belongs',
      withLine(6, '    admin: keyturn'),
      '6:5 engines.docs.admin: must be a section with keys',
    ],
    [
      'a number where text belongs',
      withLine(6, '    admin: { username: 5, password: { env: A } }'),
      '6:14 engines.docs.admin.username: must be text',
    ],
    [
      'empty text',
      withLine(6, '    admin: { username: "", password: { env: A } }'),
      '6:14 engines.docs.admin.username: must not be empty',
    ],
    [
      'a name nobody can use',
      withLine(3, '  Docs Server:').replace('engine: docs', 'engine: Docs Server'),
      '3:3 engines."Docs Server": a name begins with a lower-case letter, followed by lower-case letters, digits, "-" and "_"',
    ],
    [
      'another store',
      withLine(1, 'store: mysql://x'),
      '1:1 store: write sqlite: and a path, for example sqlite:./keyturn.db',
    ],
    [
      'a store in PostgreSQL',
      withLine(1, 'store: postgres://x'),
      '1:1 store: this version supports only SQLite; write sqlite:./keyturn.db',
    ],
    [
      'another kind of engine',
      withLine(4, '    kind: paperless'),
      '4:5 engines.docs.kind: must be docuelevate or document-engine',
    ],
    [
      'an address without a scheme',
      withLine(5, '    url: docs.example.com'),
      '5:5 engines.docs.url: not an address; write for example https://docs.example.com',
    ],
    [
      'an address with a password',
      withLine(5, '    url: https://a:b@docs.example.com'),
      '5:5 engines.docs.url: an address must not contain a user name or a password',
    ],
    [
      'an address with a query',
      withLine(5, '    url: https://docs.example.com?a'),
      '5:5 engines.docs.url: an address must end with its path, without "?" and "#"',
    ],
    [
      'an unknown engine',
      withLine(10, '    engine: dcos'),
      '10:5 credentials.openai.engine: there is no engine "dcos"; did you mean "docs"?',
    ],
    [
      'an unknown procedure',
      withLine(9, '    procedure: openai-key'),
      '9:5 credentials.openai.procedure: there is no procedure "openai-key"; did you mean "openai-api-key"?',
    ],
    ['a missing procedure', withLine(9, ''), '8:3 credentials.openai.procedure: is missing'],
    [
      'a missing secret',
      withLine(6, '    admin: { username: a }'),
      `6:5 engines.docs.admin.password: is missing: ${howToKeepSecrets}`,
    ],
    [
      'a secret in the file',
      withLine(6, '    admin: { username: a, password: b }'),
      `6:27 engines.docs.admin.password: a secret must not be in this file; ${howToKeepSecrets}`,
    ],
    [
      'a secret in two places',
      withLine(6, '    admin: { username: a, password: { env: A, file: b } }'),
      `6:27 engines.docs.admin.password: not a reference to a secret; ${howToKeepSecrets}`,
    ],
    [
      'an unknown credential',
      withLine(6, '    admin: { username: a, password: { credential: opnai } }'),
      '6:27 engines.docs.admin.password: refers to a credential that is not in this file; did you mean "openai"?',
    ],
    [
      'a circle of one',
      withLine(11, '    provider: { adminKey: { credential: openai }, project: proj_a }'),
      '11:17 credentials.openai.provider.adminKey: circular reference: openai needs openai',
    ],
    [
      'not a project',
      withLine(11, '    provider: { adminKey: { env: A }, project: abc }'),
      '11:39 credentials.openai.provider.project: the id of a project begins with proj_',
    ],
    [
      'a duration without a unit',
      `${small}    grace: 24\n`,
      '12:5 credentials.openai.grace: write a duration such as 90 days or 24h',
    ],
    [
      'a duration nobody can read',
      `${small}    grace: 24 moons\n`,
      '12:5 credentials.openai.grace: not a duration; write for example 90 days, 24h or 30 seconds',
    ],
    [
      'a duration beyond every timer',
      `${small}    giveUpAfter: 521 weeks\n`,
      '12:5 credentials.openai.giveUpAfter: longer than ten years',
    ],
    [
      'a negative grace',
      `${small}    grace: -1 hours\n`,
      '12:5 credentials.openai.grace: a duration cannot be negative',
    ],
    [
      'a grace as long as the interval',
      `${small}    grace: 90 days\n`,
      '12:5 credentials.openai.grace: a grace of 90 days does not end before the next rotation, after 90 days',
    ],
    [
      'an interval without a reason',
      `${small}    schedule: { every: 30 days }\n`,
      '12:17 credentials.openai.schedule.every: the rotation guide recommends a rotation every 90 days; add "reason:" and say why it differs',
    ],
    [
      'an interval of nothing',
      `${small}    schedule: { every: 0 days, reason: a }\n    grace: 0 days\n`,
      '12:17 credentials.openai.schedule.every: an interval must be longer than 0 seconds',
    ],
    [
      'a day that is none',
      `${small}    schedule: { window: { days: [mo], hours: 9-16, timezone: UTC } }\n`,
      '12:34 credentials.openai.schedule.window.days.0: must be mon, tue, wed, thu, fri, sat, or sun',
    ],
    [
      'hours past midnight',
      `${small}    schedule: { window: { days: [mon], hours: 22-4, timezone: UTC } }\n`,
      '12:40 credentials.openai.schedule.window.hours: write two hours of the same day, such as 9-16; a window cannot span midnight',
    ],
    [
      'a time zone that is none',
      `${small}    schedule: { window: { days: [mon], hours: 9-16, timezone: +02:00 } }\n`,
      '12:53 credentials.openai.schedule.window.timezone: not a time zone; write for example Europe/Berlin or UTC',
    ],
    [
      'a cron expression that is none',
      `${small}    schedule: { cron: 0 9 1 13 *, reason: audits }\n`,
      '12:17 credentials.openai.schedule.cron: Invalid value for month',
    ],
    [
      'a cron expression without a reason',
      `${small}    schedule: { cron: 0 9 1 1 * }\n`,
      '12:17 credentials.openai.schedule.cron: the rotation guide recommends a rotation every 90 days; add "reason:" and say why it differs',
    ],
    [
      'a cron expression and an interval',
      `${small}    schedule: { cron: 0 9 1 1 *, every: 90 days, reason: audits }\n`,
      '12:17 credentials.openai.schedule.cron: an interval ("every") is set as well; keep one of the two',
    ],
    [
      'a date that is none',
      `${small}    schedule: { skip: ["2026-12-24", "2026-02-30"] }\n`,
      '12:38 credentials.openai.schedule.skip.1: not a date; write for example "2026-12-24"',
    ],
    [
      'a delay that reaches the next rotation',
      `${small}    schedule: { jitter: 90 days }\n`,
      '12:17 credentials.openai.schedule.jitter: a delay of up to 90 days reaches the next rotation, after 90 days',
    ],
    [
      'a limit that lets nothing begin',
      `${small}limits: { perProvider: 0 }\n`,
      '12:11 limits.perProvider: a limit must be at least 1',
    ],
    [
      'looks that come faster than anybody can begin them',
      `${small}verification: { every: 0.5 seconds }\n`,
      '12:17 verification.every: write at least 1 second, or 0 seconds to turn verification off',
    ],
    [
      'notifications for nobody',
      `${small}notifications: { dueSoon: 1 day }\n`,
      '12:1 notifications: write a webhook, an email, or both',
    ],
    [
      'a secret that stands in the file',
      `${small}notifications: { webhook: { url: "https://hooks.example.com", secret: abc } }\n`,
      '12:63 notifications.webhook.secret: a secret must not be in this file; write where the secret is kept, as one of { file: path }, { env: NAME } or { credential: name }',
    ],
    [
      'a password that would go over the wire in clear',
      `${small}notifications: { email: { host: m, security: none, username: k, password: { env: P }, from: a@example.com, to: [b@example.com] } }\n`,
      '12:36 notifications.email.security: a password is sent only over a protected connection; write starttls or tls',
    ],
    [
      'a credential for notifications that is not there',
      `${small}notifications: { webhook: { url: "https://hooks.example.com", secret: { credential: opnai } } }\n`,
      '12:63 notifications.webhook.secret: refers to a credential that is not in this file; did you mean "openai"?',
    ],
    ['a key given twice', `${small}store: sqlite:./other.db\n`, '12:1 this key appears twice'],
    [
      'a tag',
      withLine(1, 'store: !sqlite sqlite:./keyturn.db'),
      '1:8 tags (!name) are not supported; put text that begins with "!" into quotes',
    ],
    [
      'an alias without an anchor',
      withLine(6, '    admin: *admin'),
      '6:12 an alias (*name) needs its anchor (&name) above it; put text that begins with "*" or "&" into quotes',
    ],
    [
      'an alias inside its anchor',
      withLine(6, '    admin: &admin { username: *admin }'),
      '6:31 this alias is inside the part that it repeats',
    ],
    ['an empty file', '', '1:1 the file: is empty'],
    ['a file of something else', 'hello', '1:1 the file: must be a section with keys'],
    ['two documents', `${small}---\n`, '12:1 a second document begins here; the configuration is a single document'],
  ])('%s', (_, text, complaint) => {
    expect(complaints(text)).toContain(`keyturn.yaml:${complaint}`);
  });

  it('and nothing is said twice', () => {
    expect(complaints(withLine(10, '    engine: Dcos'))).toHaveLength(1);
    expect(complaints(withLine(9, '    procedure: openai-key'))).toHaveLength(1);
    expect(complaints(withLine(6, '    admin: { username: a, password: b }'))).toHaveLength(1);
  });
});

it('tells all mistakes at once, in the order of the file', () => {
  const found = complaints(`stoer: sqlite:./keyturn.db
store: sqlite:./keyturn.db
store: sqlite:./keyturn.db
engines:
  docs:
    kind: docuelevate
    url: https://docs.example.com
    admin: { username: keyturn, password: hidden }
credentials:
  openai:
    procedure: openai-api-key
    engine: dcos
    provider: { adminKey: { credential: gone }, project: proj_abc }
    schedule: { every: 30 days }
    grace: -1 hours
  first:
    procedure: openai-key
    engine: docs
    grace: soon
  second:
    procedure: openai-api-key
    engine: docs
    provider: { adminKey: { credential: third }, project: proj_abc }
  third:
    procedure: openai-api-key
    engine: docs
    provider: { adminKey: { credential: second }, project: proj_abc }
`);

  expect(found.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'keyturn.yaml:1:1 stoer:',
    'keyturn.yaml:3:1 this',
    'keyturn.yaml:8:33 engines.docs.admin.password:',
    'keyturn.yaml:12:5 credentials.openai.engine:',
    'keyturn.yaml:13:17 credentials.openai.provider.adminKey:',
    'keyturn.yaml:14:17 credentials.openai.schedule.every:',
    'keyturn.yaml:15:5 credentials.openai.grace:',
    'keyturn.yaml:16:3 credentials.first.provider:',
    'keyturn.yaml:17:5 credentials.first.procedure:',
    'keyturn.yaml:19:5 credentials.first.grace:',
    'keyturn.yaml:23:17 credentials.second.provider.adminKey:',
    'keyturn.yaml:24:3 credentials.third:',
    'keyturn.yaml:27:17 credentials.third.provider.adminKey:',
  ]);
});

it('refuses two credentials for one setting of one engine, under whatever name and spelling', () => {
  const text = `${small}  again:
    procedure: openai-api-key
    engine: same
    provider: { adminKey: { env: A }, project: proj_other }
`.replace(
    'credentials:',
    '  same: { kind: docuelevate, url: HTTPS://DOCS.example.com/, admin: { username: a, password: { env: A } } }\ncredentials:',
  );

  expect(complaints(text)).toEqual([
    'keyturn.yaml:13:3 credentials.again: "openai" already feeds openai_api_key of the same engine; a setting belongs to one credential',
  ]);
});

it('shows the whole circle of credentials that need each other', () => {
  const text = `${small.replace('{ env: OPENAI_ADMIN_KEY }', '{ credential: second }')}  second:
    procedure: openai-api-key
    engine: other
    provider: { adminKey: { credential: openai }, project: proj_abc }
`.replace(
    'credentials:',
    '  other: { kind: docuelevate, url: https://other.example.com, admin: { username: a, password: { env: A } } }\ncredentials:',
  );

  expect(complaints(text)).toEqual([
    'keyturn.yaml:12:17 credentials.openai.provider.adminKey: circular reference: openai needs second needs openai',
    'keyturn.yaml:16:17 credentials.second.provider.adminKey: circular reference: second needs openai needs second',
  ]);
});

describe('a half-written file', () => {
  it.each([
    ['a quote that is open', 'store: sqlite:./keyturn.db\nengines:\n  docs:\n    kind: "docu', '4:16'],
    ['a bracket that is open', 'store: sqlite:./keyturn.db\nengines:\n  docs: { kind: docuelevate,', '3:29'],
    ['a key without its colon', 'store: sqlite:./keyturn.db\nengines:\n  docs:\n    kind: docuelevate\n    url', '5:5'],
    ['a line that slipped', withLine(5, '   url: https://docs.example.com'), '5:1'],
    ['a tab', withLine(5, '\turl: https://docs.example.com'), '5:1'],
  ])('is told where it breaks off: %s', (_, text, place) => {
    const found = complaints(text);

    expect(found[0]).toContain(`keyturn.yaml:${place} `);
    expect(found.join()).not.toContain(': is missing');
  });

  it('is told what is certainly wrong above that place', () => {
    expect(complaints('stroe: sqlite:./keyturn.db\nengines:\n  docs: "')).toEqual([
      expect.stringContaining('keyturn.yaml:1:1 stroe: is not a key'),
      expect.stringContaining('keyturn.yaml:3:10 something is missing here'),
    ]);
  });
});

describe('a file that is not there', () => {
  it('leads to init', () => {
    const missing = join(dirname(file), 'missing.yaml');

    expect(() => loadConfig(missing, catalog)).toThrow(
      new ConfigError(`There is no configuration file ${missing}.`, { next: 'Make one with: keyturn init' }),
    );
  });

  it('or cannot be read is told so', () => {
    const folder = dirname(file);

    expect(() => loadConfig(folder, catalog)).toThrow(`The configuration file ${folder} cannot be read (EISDIR).`);
  });
});

describe('a secret that was pasted into the file', () => {
  const canary = `canary${randomBytes(12).toString('hex')}`;

  it.each([
    ['as text', `password: ${canary}`],
    ['as text in quotes', `password: "${canary}`],
    ['as a number of lines', `password: |\n        ${canary}\n        ${canary}`],
    ['as a list', `password: [${canary}]`],
    ['as a key', `password: { ${canary} }`],
    ['beside a reference', `password: { env: A, ${canary}: }`],
    ['as the name of a variable', `password: { env: ${canary} }`],
    ['as the name of a credential', `password: { credential: ${canary} }`],
    ['as an alias', `password: *${canary}`],
    ['as a tag', `password: !${canary} a`],
    ['with a colon', `password: ${canary}: ${canary}`],
    ['after a orphan character', `password: @${canary}`],
    ['with a orphan backslash', `password: "\\${canary.replace('c', 'y')}"`],
    ['behind a directive', `password: { env: A }\n%${canary}`],
    ['in the address', `password: { env: A }\n    url: https://a:${canary}@docs.example.com`],
    ['in the store', `password: { env: A }\nstore: postgres://a:${canary}@db/keyturn`],
    ['in the key ring', `password: { env: A }\nkeyRing: ${canary}`],
  ])('%s never appears in the message', (_, line) => {
    const error = errorOf(
      `engines:\n  docs:\n    kind: docuelevate\n    admin:\n      username: a\n      ${line}\ncredentials: {}\n`,
    );

    const shown = JSON.stringify([error.message, error.state, error.next, error.problems, error.stack, error.cause]);
    expect(shown).not.toContain(canary.slice(1));
  });
});

describe('whatever the text', () => {
  function loadsOrComplains(text: string): void {
    try {
      load(text);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error instanceof ConfigError && error.problems.length).toBeGreaterThan(0);
    }
  }

  it('loads or is refused with a ConfigError: any characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), loadsOrComplains), { numRuns: 200 });
  });

  it('loads or is refused with a ConfigError: characters that mean something in YAML', () => {
    const piece = fc.constantFrom(
      ...' \n\t:-?[]{},#&*!|>\'"%@`~\\'.split(''),
      'a',
      'engines',
      '__proto__',
      '\n  ',
      ': ',
    );

    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => loadsOrComplains(pieces.join(''))),
      {
        numRuns: 200,
      },
    );
  });

  it('loads or is refused with a ConfigError: a configuration cut off, or with something in the middle', () => {
    const position = fc.nat(small.length);
    const spoiled = fc
      .tuple(position, position, fc.string({ maxLength: 6 }))
      .map(([from, to, text]) => small.slice(0, from) + text + small.slice(to));

    fc.assert(fc.property(spoiled, loadsOrComplains), { numRuns: 200 });
  });

  it('loads or is refused with a ConfigError: any value in any place', () => {
    const places = small.match(/(?<=: )[^\n{},]+/g) ?? [];

    fc.assert(
      fc.property(fc.constantFrom(...places), fc.json({ maxDepth: 3 }), (place, value) =>
        loadsOrComplains(small.replace(place, value.replaceAll('$', '$$$$'))),
      ),
      { numRuns: 200 },
    );
  });
});

it('reads secrets of the environment anew each time', () => {
  process.env.KEYTURN_TEST_VALUE = 'one';
  const first = environment('KEYTURN_TEST_VALUE');
  process.env.KEYTURN_TEST_VALUE = 'two';
  const second = environment('KEYTURN_TEST_VALUE');
  delete process.env.KEYTURN_TEST_VALUE;

  expect([first, second, environment('KEYTURN_TEST_VALUE')]).toEqual(['one', 'two', undefined]);
});
