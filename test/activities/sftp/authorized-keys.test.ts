import {
  knownLinesIn,
  linesIn,
  optionsFor,
  withKeyOff,
  withKeyOn,
  withEntry,
  withoutKeys,
} from '../../../activities/sftp/authorized-keys.js';
import { blobsIn, newLabKey } from '../../../src/lab/sftp/keys.js';

const [first, second, third] = [newLabKey().blob, newLabKey().blob, newLabKey().blob];
const line = (publicKey: string) => ({ options: [''], kind: 'ssh-ed25519', publicKey, comment: 'docuelevate-sftp' });

it('glues no two keys together where the last line does not end', () => {
  const text = withEntry(`ssh-ed25519 ${first} docuelevate-sftp`, line(second));

  expect(blobsIn(text)).toEqual([first, second]);
});

it.each([
  ['ends', '\n'],
  ['does not end', ''],
  ['ends as on Windows', '\r\n'],
])('leaves every other line byte for byte where the last one %s', (_, end) => {
  const others = `# who may come in\r\n\n  command="echo \\"ssh-ed25519 ${third}\\"",restrict ssh-ed25519 ${first} caf\xe9${end}`;

  const added = withEntry(others, line(second));

  expect(added.startsWith(others)).toBe(true);
  expect(withoutKeys(added, [second])).toBe(end === '' ? `${others}\n` : others);
});

it('adds a key once', () => {
  const text = withEntry('', line(first));

  expect(withEntry(text, line(first))).toBe(text);
  expect(withEntry(text.trimEnd(), line(first))).toBe(text.trimEnd());
});

it('removes by the key and not by the comment', () => {
  const text = `ssh-ed25519 ${first} docuelevate-sftp\nssh-ed25519 ${second} docuelevate-sftp\n`;

  expect(blobsIn(withoutKeys(text, [first]))).toEqual([second]);
});

it('removes a key wherever it stands, and however often', () => {
  const text = `ssh-ed25519 ${first} one\nssh-ed25519 ${second} two\nfrom="10.0.0.0/8" ssh-ed25519 ${first}\t\r\n`;

  expect(withoutKeys(text, [first, third])).toBe(`ssh-ed25519 ${second} two\n`);
});

it('leaves alone what is commented out, and what only mentions a key', () => {
  const text = `# ssh-ed25519 ${first} old\ncommand="ssh-ed25519 ${first} x" ssh-ed25519 ${second} two\n`;

  expect(withoutKeys(text, [first])).toBe(text);
});

it.each([
  ['ends', '\n'],
  ['does not end', ''],
  ['ends as on Windows', '\r\n'],
])('switches a key off and on, byte for byte, where the last line %s', (_, end) => {
  const text =
    `\xef\xbb\xbf# caf\xe9\n#ssh-ed25519 ${first} by hand\n\n\t restrict ssh-ed25519  ${first}\t x \n` +
    `ssh-ed25519 ${second} y\r\nfrom="::1" ssh-ed25519 ${first}${end}`;

  const off = withKeyOff(text, first);

  expect(blobsIn(off)).toEqual([second]);
  expect(withKeyOff(off, first)).toBe(off);
  expect(withKeyOn(off, first)).toBe(text);
  expect(withKeyOn(text, first)).toBe(text);
  expect(withKeyOn(off, second)).toBe(off);
  expect(knownLinesIn(off).map(({ publicKey, isOff }) => [publicKey, isOff])).toEqual([
    [first, true],
    [second, false],
    [first, true],
  ]);
});

it('removes a key that is switched off as well, and nothing for a key that is not known', () => {
  const text = withKeyOff(`# nobody\n\nssh-ed25519 ${first} one\nssh-ed25519 ${second} two\n`, first);

  expect(withoutKeys(text, [first])).toBe(`# nobody\n\nssh-ed25519 ${second} two\n`);
  expect(withoutKeys(text, [''])).toBe(text);
});

it('reads what a login with a key may do', () => {
  const options = 'restrict,command="internal-sftp -d \\"/in box\\"",from="10.0.0.0/8"';

  expect(linesIn(`${options} ssh-ed25519 ${first} a name with spaces\n`)).toEqual([
    { options, publicKey: first, comment: 'a name with spaces' },
  ]);
});

it.each([
  ['expiry-time="20301231"', ''],
  ['expiry-time="20301231",restrict', 'restrict'],
  ['restrict,Expiry-Time="203012312359Z",from="10.0.0.0/8"', 'restrict,from="10.0.0.0/8"'],
  ['command="echo \\",expiry-time=\\"",restrict', 'command="echo \\",expiry-time=\\"",restrict'],
])('takes the end of a key out of %s', (options, rest) => {
  expect(optionsFor([{ options, publicKey: first, comment: '' }])).toEqual([rest]);
});

it('takes over what each line of a key says, once, and brings no line to life that is over', () => {
  const [here, there, over] = ['from="10.20.30.40"', 'from="127.0.0.1"', 'from="0.0.0.0/0",expiry-time="20200101Z"'];
  const lines = [over, here, there, here].map((options) => ({ options, publicKey: first, comment: '' }));

  expect(optionsFor(lines)).toEqual([here, there]);
  expect(optionsFor(lines.slice(0, 1))).toEqual(['from="0.0.0.0/0"']);
});

it('reads a line of half a million spaces in no time', () => {
  const begun = Date.now();

  expect(linesIn(`ssh-ed25519 ${first} a${' '.repeat(500_000)}b`)).toHaveLength(1);
  expect(Date.now() - begun).toBeLessThan(1000);
});
