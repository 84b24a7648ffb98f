import { readFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import type { Names } from './candidates.js';
import { examples } from './terminal/perform.js';

const where = `
Put one of these into the start-up file of your shell:
  bash   source <(keyturn completion bash)
  zsh    source <(keyturn completion zsh)         after compinit
  fish   keyturn completion fish | source
`;

export function defineCompletion(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .summary('let the tab key complete commands, options and names')
    .description(
      'Prints a completion script for a shell. The script asks keyturn for completions, so it knows every command and option, and the credentials of your configuration.',
    )
    .addHelpText('after', `${where}${examples('keyturn completion bash')}`)
    .action((shell: keyof typeof scripts) => void process.stdout.write(scripts[shell]));
  program
    .command('complete', { hidden: true })
    .argument('[words...]', 'the words after keyturn; the last one is still being typed')
    .action(async (words: string[]) => {
      const { candidates } = await import('./candidates.js');
      const found = await candidates(program, words, names);
      process.stdout.write(found.map(({ word, about }) => `${word}\t${about}\n`).join(''));
    });
}

/** A configuration that cannot be read gives no names. */
const names: Names = async (of, config) => {
  try {
    if (of === 'procedures') return (await import('../../workflows/catalog.js')).catalog.map(({ id }) => id);
    const [{ readYaml }, { Outline }] = await Promise.all([
      import('../config/yaml-source.js'),
      import('../config/outline.js'),
    ]);
    return Object.keys(Outline.parse(readYaml(readFileSync(config, 'utf8')).content)[of]);
  } catch {
    return [];
  }
};

/** Each script offers what `keyturn complete` prints, or files when it prints nothing. */
const scripts = {
  bash: `_keyturn() {
  local IFS=$'\\n'
  COMPREPLY=($(keyturn complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _keyturn keyturn
`,
  zsh: `#compdef keyturn
_keyturn() {
  local -a found
  local line tab=$'\\t'
  for line in "\${(@f)$(keyturn complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("\${\${line%%$tab*}//:/\\\\:}:\${line#*$tab}")
  done
  if (( $#found )); then _describe keyturn found; else _files; fi
}
if [[ $funcstack[1] == _keyturn ]]; then _keyturn "$@"; else compdef _keyturn keyturn; fi
`,
  fish: `function __keyturn_complete
    set -l token (commandline -ct)
    set -l found (keyturn complete -- (commandline -opc)[2..] "$token" 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path "$token"
    end
end
complete -c keyturn -f -a '(__keyturn_complete)'
`,
} as const;
