import type { Command } from 'commander';
import type { Check } from '../operations/check.js';
import { examples } from './examples.js';
import { exitCodes } from './exit-codes.js';
import { perform } from './perform.js';

export function defineCheck(program: Command): void {
  program
    .command('check [credentials...]')
    .summary('see whether everything is in place')
    .description(
      'Looks at the environment, configuration, key ring, store, Temporal server, engine and providers: whether all of them can be reached and let Keyturn do its work. Changes nothing. Exit code 1 when anything is not right.',
    )
    .addHelpText('after', examples('keyturn check', 'keyturn check openai --json'))
    .action((credentials: string[], _options: unknown, command: Command) =>
      perform(command, async (cli) => {
        const { check } = await import('../operations/check.js');
        const { good, bad, dim, bold } = cli.paint;
        const checks: Check[] = [];
        for await (const found of check({ file: cli.config, credentials })) {
          checks.push(found);
          const { what, ok, detail, next } = found;
          const [first = '', ...more] = detail.split('\n');
          cli.say(
            `${ok ? good('✔') : bad('✖')} ${what}  ${ok ? dim(first) : first}`,
            ...more.map((line) => `    ${line}`),
          );
          if (next !== null) cli.say(`    ${dim('Next')}  ${next}`);
        }
        const wrong = checks.filter(({ ok }) => !ok).length;
        const verdict =
          wrong === 0
            ? `${good('✔')} ${bold('Everything is in place')}`
            : `${bad('✖')} ${bold(`Not right: ${wrong} of ${checks.length}`)}`;
        cli.answer({ ok: wrong === 0, checks }, ['', verdict]);
        return wrong === 0 ? exitCodes.done : exitCodes.failed;
      }),
    );
}
