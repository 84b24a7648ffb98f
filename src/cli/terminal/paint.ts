import { styleText } from 'node:util';

/** Colors for one stream; none where it is no terminal or NO_COLOR is set. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly attention: (text: string) => string;
}

export function paintFor(stream: NodeJS.WriteStream): Paint {
  return {
    bold: (text) => styleText('bold', text, { stream }),
    dim: (text) => styleText('dim', text, { stream }),
    good: (text) => styleText('green', text, { stream }),
    bad: (text) => styleText('red', text, { stream }),
    attention: (text) => styleText('yellow', text, { stream }),
  };
}
