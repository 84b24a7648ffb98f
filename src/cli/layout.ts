import { stripVTControlCharacters } from 'node:util';

/** Rows of cells in columns, two spaces apart, without trailing spaces. */
export function columns(rows: readonly (readonly string[])[]): string[] {
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
