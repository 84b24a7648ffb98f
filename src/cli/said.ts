import { InvalidArgumentError } from 'commander';

/** Words that go on record, of which there must be some. */
export function said(text: string): string {
  const words = text.trim();
  if (words === '') throw new InvalidArgumentError('Nothing is said there.');
  return words;
}
