import { randomUUID } from 'node:crypto';
import type { Answer } from '../routes.js';

/** Content of an XML document: nested elements. A list becomes several elements of the same name; undefined becomes nothing. */
export type Content = { readonly [name: string]: string | Content | readonly Content[] | undefined };

/** An answer of the query protocol, as IAM and STS speak it. */
export function result(action: string, content: Content): Answer {
  const inner = Object.keys(content).length > 0 ? { [`${action}Result`]: content } : {};
  const metadata = { ResponseMetadata: { RequestId: randomUUID() } };
  return xml(200, { [`${action}Response`]: { ...inner, ...metadata } });
}

/** A refusal of IAM or STS. */
export function refusal(status: number, code: string, message: string): Answer {
  const error = { Type: 'Sender', Code: code, Message: message };
  return xml(status, { ErrorResponse: { Error: error, RequestId: randomUUID() } });
}

/** A refusal of S3, which has a different shape. */
export function s3Refusal(status: number, code: string, message: string): Answer {
  return xml(status, { Error: { Code: code, Message: message, RequestId: randomUUID() } });
}

function xml(status: number, content: Content): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${elements(content)}`;
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

function elements(content: Content): string {
  return Object.entries(content)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((each: Content) => [name, each] as const) : [[name, value] as const],
    )
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        `<${name}>${typeof value === 'string' ? escaped(value) : elements(value as Content)}</${name}>`,
    )
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
