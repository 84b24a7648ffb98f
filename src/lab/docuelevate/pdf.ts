/** A picture of a page, and no text on it. */
export function isScan(bytes: Buffer): boolean {
  const content = bytes.toString('latin1');
  return content.includes('/Subtype /Image') && !/\bTj\b/.test(content);
}

/** What stands on its pages; of anything that is no PDF, all of it. */
export function textOf(bytes: Buffer): string {
  const content = bytes.toString('latin1');
  const shown = [...content.matchAll(/\(((?:[^()\\]|\\.)*)\)\s*Tj/g)].map(([, text]) => text ?? '');
  return `${shown.length > 0 ? shown.join('\n') : content}\n`;
}

/** Texts of programs that write documents are never rated. */
export function origin(bytes: Buffer): 'digital' | 'unknown' {
  return /LibreOffice|cairo|pdfTeX|fpdf|reportlab|chromium/i.test(bytes.toString('latin1')) ? 'digital' : 'unknown';
}
