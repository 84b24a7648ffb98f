import type { Conducted } from '../../operations/emergency/emergency.js';
import { isContained } from '../../operations/emergency/emergency-state.js';
import { seconds, stateText } from './emergency-text.js';
import { printable } from '../terminal/layout.js';
import type { Cli } from '../terminal/perform.js';

const tickMs = 100;

/** Shows emergencies in progress. Prints a line when something changes for a credential. On a terminal, the last line shows the clock and the overall progress. */
export function emergencyView(cli: Cli, asked = 1) {
  const told = new Map<string, string>();
  const latest = new Map<string, Conducted>();
  const live = cli.stream.isTTY;
  const erase = (): void => void (live && cli.stream.write('\r\x1b[2K'));
  const draw = (): void => {
    if (!live || latest.size === 0) return;
    erase();
    cli.stream.write(printable(clockText([...latest.values()], asked)));
  };
  const timer = live ? setInterval(draw, tickMs) : undefined;
  return {
    show: (conducted: Conducted): void => {
      const { credential } = conducted.state;
      latest.set(credential, conducted);
      const text = stateText(conducted, cli.paint);
      if (told.get(credential) === text) return;
      told.set(credential, text);
      erase();
      cli.say(text);
      draw();
    },
    end: (): void => {
      clearInterval(timer);
      erase();
    },
  };
}

function clockText(all: readonly Conducted[], asked: number): string {
  const elapsedMs = Date.now() - Math.min(...all.map(({ state }) => state.askedAt));
  const contained = all.filter(({ state }) => isContained(state)).length;
  const rotated = all.filter(({ state }) => state.rotated !== null).length;
  const failed = all.filter(({ how }) => how === 'failed').length;
  return `  ${seconds(elapsedMs)}  contained ${contained} of ${asked}, rotated ${rotated}${failed > 0 ? `, failed ${failed}` : ''}`;
}
