import type { Argument, Command, Option } from 'commander';

/** A completion for the word at the cursor. */
export interface Candidate {
  readonly word: string;
  /** A short description; empty when there is none. */
  readonly about: string;
}

/** Names from the configuration and the catalog, read only when a completion needs them. */
export type Names = (of: 'credentials' | 'engines' | 'procedures', config: string) => Promise<readonly string[]>;

/** The position of the cursor, in terms of the definition of the command line. */
interface Cursor {
  readonly command: Command;
  /** Number of operands before the cursor. */
  readonly operands: number;
  /** The option whose value comes next; null when no value is expected. */
  readonly option: Option | null;
  readonly config: string;
}

/**
 * Completions from the definition of the command line: commands, options, choices, and names from the configuration. Empty where any text is
 * allowed, such as a file or a reason.
 * @param words the words after `keyturn`; the last one is still being typed
 */
export async function candidates(program: Command, words: readonly string[], names: Names): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const cursor = cursorOf(program, words.slice(0, -1));
  const all = cursor.option ? await valuesOf(cursor.option, cursor, names) : await wordsAt(cursor, typed, names);
  return all.filter(({ word }) => word.startsWith(typed));
}

function cursorOf(program: Command, before: readonly string[]): Cursor {
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

async function wordsAt({ command, operands, config }: Cursor, typed: string, names: Names): Promise<Candidate[]> {
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

async function valuesOf(option: Option, { config }: Cursor, names: Names): Promise<Candidate[]> {
  if (option.argChoices) return plain(option.argChoices);
  if (option.long === '--procedure') return plain(await names('procedures', config));
  if (option.long === '--engine') return plain(await names('engines', config));
  return [];
}

function plain(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word, about: '' }));
}
