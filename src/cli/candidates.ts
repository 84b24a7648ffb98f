import type { Argument, Command, Option } from 'commander';

/** What may stand where somebody presses the tab key. */
export interface Candidate {
  readonly word: string;
  /** A few words about it; empty where nothing is to be said. */
  readonly about: string;
}

/** Names from the configuration and the catalog, read only when a place asks for them. */
export type Names = (of: 'credentials' | 'engines' | 'procedures', config: string) => Promise<readonly string[]>;

/** Where the cursor stands, in terms of the command line's own definition. */
interface Place {
  readonly command: Command;
  /** How many operands the command has been given. */
  readonly operands: number;
  /** The option whose value is to come; null when none is waited for. */
  readonly option: Option | null;
  readonly config: string;
}

/**
 * What can follow, read from the definition of the command line: commands, options, choices, and names from the configuration. Empty where
 * anything may be meant, such as a file or a reason.
 * @param words what stands after `keyturn`, the word that is being typed last
 */
export async function candidates(program: Command, words: readonly string[], names: Names): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const place = placeOf(program, words.slice(0, -1));
  const all = place.option ? await valuesOf(place.option, place, names) : await wordsAt(place, typed, names);
  return all.filter(({ word }) => word.startsWith(typed));
}

function placeOf(program: Command, before: readonly string[]): Place {
  let command = program;
  let operands = 0;
  let option: Option | null = null;
  let config = String(program.opts()['config'] ?? '');
  for (const word of before) {
    if (option) {
      if (option.long === '--config') config = word;
      option = null;
    } else if (word.startsWith('-')) option = takesValue(optionOf(command, word));
    else {
      const next = operands === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next) command = next;
      else operands++;
    }
  }
  return { command, operands, option, config };
}

function takesValue(option: Option | undefined): Option | null {
  return option?.required ? option : null;
}

function optionOf(command: Command, word: string): Option | undefined {
  return optionsOf(command).find(({ long, short }) => word === long || word === short);
}

/** The command's own options first, then those that every command has. */
function optionsOf(command: Command): Option[] {
  const own = command.options.filter(({ hidden }) => !hidden);
  return command.parent ? [...own, ...optionsOf(command.parent)] : own;
}

async function wordsAt({ command, operands, config }: Place, typed: string, names: Names): Promise<Candidate[]> {
  if (typed.startsWith('-'))
    return optionsOf(command).flatMap(({ long, description }) => (long ? [{ word: long, about: description }] : []));
  if (command.commands.length > 0) {
    const visible = command.createHelp().visibleCommands(command);
    return visible.map((each) => ({ word: each.name(), about: each.summary() || each.description() }));
  }
  const argument = argumentAt(command, operands);
  if (!argument) return [];
  if (argument.argChoices) return plain(argument.argChoices);
  return plain(
    argument.name().startsWith('credential') || argument.name() === 'old' ? await names('credentials', config) : [],
  );
}

function argumentAt({ registeredArguments: known }: Command, index: number): Argument | undefined {
  const last = known.at(-1);
  return known[index] ?? (last?.variadic ? last : undefined);
}

async function valuesOf(option: Option, { config }: Place, names: Names): Promise<Candidate[]> {
  if (option.argChoices) return plain(option.argChoices);
  if (option.long === '--procedure') return plain(await names('procedures', config));
  if (option.long === '--engine') return plain(await names('engines', config));
  return [];
}

function plain(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word, about: '' }));
}
