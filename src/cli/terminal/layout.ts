import { stripVTControlCharacters } from 'node:util';

/**
 * Makes a text safe for a terminal: control characters from names, reasons and foreign errors are shown, not obeyed. Colors stay, because they
 * are ours. Everything else that moves the cursor, renames the window or turns the direction of writing is escaped.
 */
export function printable(text: string): string {
  return text.replace(controls, (given) => (given.endsWith('m') && given.length > 1 ? given : escaped(given)));
}

// A color, or any other control character except line break and tab. Marks of direction are format characters.
// eslint-disable-next-line no-control-regex -- this matches control characters on purpose
const controls = /\u001B\[[\d;]{0,20}m|(?![\n\t])[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A printable line for a stream. On a terminal it is broken between words, and the rest is indented below the text, not below its label. */
export function forStream(
  line: string,
  { isTTY, columns: room }: { readonly isTTY?: boolean; readonly columns?: number },
): string {
  const text = asGiven(printable(line));
  return isTTY && room !== undefined && room >= narrowest
    ? text
        .split('\n')
        .map((each) => wrapped(each, room))
        .join('\n')
    : text;
}

const npxScript = process.env['npm_lifecycle_script']; // eslint-disable-line n/no-process-env -- it is no setting

/** In a clone nothing but npx finds the program, so commands to type are told with it when npx has started this process. */
export function asGiven(text: string, startedBy: string | undefined = npxScript): string {
  const isByNpx = startedBy !== undefined && /^['"]?keyturn\b/.test(startedBy);
  return isByNpx ? text.replaceAll(ownCommands, 'npx keyturn ') : text;
}

// eslint-disable-next-line no-control-regex -- a command may begin with a color
const ownCommands = /(?<!npx )(?<=^|[^\w./-]|\u001B\[\d+m)keyturn (?=[a-z])/gm;

const narrowest = 40; // below, broken lines would be harder to read than long ones

function wrapped(line: string, room: number): string {
  if (width(line) <= room) return line;
  const indent = hangOf(stripVTControlCharacters(line), room);
  const lines = [''];
  for (const word of line.split(/(?<= )(?=[^ ])/)) {
    const current = lines.at(-1) ?? '';
    const fits = width(current + word.trimEnd()) <= room || width(current.trimEnd()) <= indent;
    if (fits) lines[lines.length - 1] = current + word;
    else lines.push(' '.repeat(indent) + word);
  }
  return lines.map((each) => each.trimEnd()).join('\n');
}

/** Where the text of a line begins: after its last label or column in the left half, else after its indentation and a sign. */
function hangOf(line: string, room: number): number {
  const columnStarts = [...line.matchAll(/\S {2,}(?=\S)/g)].map((gap) => gap.index + gap[0].length);
  const indentation = /^ */.exec(line)?.[0].length ?? 0;
  return columnStarts.findLast((start) => start <= room / 2) ?? indentation + 2;
}

/** A cell is one line: a line break in it would begin a false row. */
function cellOf(text: string): string {
  return text.replaceAll('\r', '').replaceAll('\n', '\\n');
}

/** Rows of cells in columns, two spaces apart, without trailing spaces. */
export function columns(given: readonly (readonly string[])[]): string[] {
  const rows = given.map((row) => row.map(cellOf));
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell));
  return rows.map((row) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** Labels with their texts, indented; a text of several lines stays beside its label. Labels without a text are left out. */
export function facts(rows: readonly (readonly [label: string, text: string | null | undefined])[]): string[] {
  const present = rows.filter((row): row is readonly [string, string] => Boolean(row[1]));
  const lines = present.flatMap(([label, text]) =>
    text.split('\n').map((line, index) => [index === 0 ? label : '', line]),
  );
  return columns(lines).map((line) => `  ${line}`.trimEnd());
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}
