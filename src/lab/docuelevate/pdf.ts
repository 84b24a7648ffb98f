/** Whether a PDF has images but no text. */
export function isScan(bytes: Buffer): boolean {
  const content = bytes.toString('latin1');
  return content.includes('/Subtype /Image') && !/\bTj\b/.test(content);
}

/** The text of a PDF's pages; the whole content of any other file. */
export function textOf(bytes: Buffer): string {
  const content = bytes.toString('latin1');
  const texts = [...content.matchAll(/\(((?:[^()\\]|\\.)*)\)\s*Tj/g)].map(([, text]) => text ?? '');
  return `${texts.length > 0 ? texts.join('\n') : content}\n`;
}

/** `digital` for a document that a known program created: its text quality is never rated. */
export function origin(bytes: Buffer): 'digital' | 'unknown' {
  return /LibreOffice|cairo|pdfTeX|fpdf|reportlab|chromium/i.test(bytes.toString('latin1')) ? 'digital' : 'unknown';
}
