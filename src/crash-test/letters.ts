/** A document of somebody's, with text. */
export function letterAbout(what: string): Buffer {
  return Buffer.from(`%PDF-1.4\n(A letter about ${what}) Tj\n<< /Producer (LibreOffice) >>\n%%EOF\n`);
}

/** A document without text. */
export function scanAbout(what: string): Buffer {
  return Buffer.from(`%PDF-1.4\n<< /Subtype /Image /Title (${what}) >>\n%%EOF\n`);
}

/** True for the first content that holds a text, and never again. */
export function once(text: string): (content: string) => boolean {
  let left = 1;
  return (content) => content.includes(text) && left-- > 0;
}
