/** A PDF of one page that says what it is. It has a text layer and a known producer, so DocuElevate skips OCR and the AI's check of the text. */
export function testPdf(id: string): Buffer {
  const lines = [
    'Keyturn test document',
    'It shows that documents are processed after a credential was rotated.',
    'It can be deleted at any time.',
    `Reference: ${id}`,
  ];
  const text = `BT /F1 12 Tf 72 720 Td 16 TL ${lines.map((line) => `(${line}) Tj T*`).join(' ')} ET`;
  return assemblePdf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    `<< /Length ${text.length} >>\nstream\n${text}\nendstream`,
    `<< /Title (Keyturn test document) /Producer (LibreOffice) >>`,
  ]);
}

/** A PDF of these objects, with their numbers and the cross-reference table. The first is the catalog, the last the document information. */
export function assemblePdf(objects: readonly string[]): Buffer {
  let file = '%PDF-1.4\n';
  const places = objects.map((content, index) => {
    const place = file.length;
    file += `${index + 1} 0 obj\n${content}\nendobj\n`;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.join('')}`;
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${objects.length} 0 R >>\n`;
  return Buffer.from(`${file}${table}${trailer}startxref\n${file.length}\n%%EOF\n`, 'latin1');
}
