import { z } from 'zod';
import { FilePath } from '../../src/fields/fields.js';

const part = z
  .string()
  .min(1)
  .optional()
  .describe('The part of the value to deliver. Default: the part that users of the credential need.');

const reload = z
  .array(z.string().min(1))
  .min(1)
  .optional()
  .describe(
    'A command that makes the reader of the file reload it, as a list of program and arguments. Runs without a shell.',
  );

const mode = z
  .string()
  .regex(/^0?[0-7]{3}$/, 'write a mode as digits in quotes, for example "0640"')
  .optional();

const owner = z
  .string()
  .regex(/^\d+:\d+$/, 'write two numbers, user and group, for example "1000:1000"')
  .optional()
  .describe(
    "The file's owner, as numbers of user and group. They may then write its folder as well. Default: the owner stays, and a new file belongs to Keyturn's user.",
  );

const ToFile = z
  .strictObject({
    file: FilePath.describe('A file that holds only the value. Replaced in one step.'),
    mode: mode.describe('The mode of the file. Default: unchanged, and 0600 for a new file.'),
    ...{ owner, part, reload },
  })
  .describe('Into a file.');

const ToEnvFile = z
  .strictObject({
    envFile: FilePath.describe('A file of NAME=value lines. Only one variable is changed.'),
    variable: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'a variable name has letters, digits and "_"')
      .describe('The variable that holds the value.'),
    ...{ owner, part, reload },
  })
  .describe('Into one variable of an environment file.');

const ToCommand = z
  .strictObject({
    command: z
      .array(z.string().min(1))
      .min(1)
      .describe('A program and its arguments. It gets the value on standard input and runs without a shell.'),
    part,
  })
  .describe('To a command, for instance one that writes into a password store.');

/** A place besides the engine that needs a new value. */
export const Target = z.union([ToFile, ToEnvFile, ToCommand], {
  error:
    'write where the value goes: { file: path }, { envFile: path, variable: NAME } or { command: [program, argument] }',
});
export type Target = z.infer<typeof Target>;
export type FileTarget = Extract<Target, { readonly file: string }>;
export type EnvFileTarget = Extract<Target, { readonly envFile: string }>;
export type CommandTarget = Extract<Target, { readonly command: unknown }>;

/** A target's name for people: a file, a variable in one, or a command. */
export function nameOf(target: Target): string {
  if ('file' in target) return target.file;
  return 'envFile' in target ? `${target.variable} in ${target.envFile}` : target.command.join(' ');
}
