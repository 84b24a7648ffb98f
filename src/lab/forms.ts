import type { Incoming } from './routes.js';

/** Fields of an urlencoded body; none for any other kind. */
export function formFields({ headers, body }: Pick<Incoming, 'headers' | 'body'>): URLSearchParams {
  const encoded = headers['content-type']?.includes('application/x-www-form-urlencoded');
  return new URLSearchParams(encoded ? body.toString() : '');
}
