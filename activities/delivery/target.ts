import { z } from 'zod';
import { FilePath } from '../../src/fields/fields.js';

const part = z
  .string()
  .min(1)
  .optional()
  .describe('Which part of the value goes there; left out, the one that users of the credential need.');

const reload = z
  .array(z.string().min(1))
  .min(1)
  .optional()
  .describe(
    'A command that makes the user of the file read it again, as a list of program and arguments. No shell is involved.',
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
    'Its owner, as numbers of user and group, who may then write its folder as well; left out, the owner stays, and a new file belongs to whoever runs Keyturn.',
  );

const ToFile = z
  .strictObject({
    file: FilePath.describe('A file that will hold nothing but the value. Replaced in one step.'),
    mode: mode.describe('Its mode; left out, as it is, and 0600 for a new file.'),
    ...{ owner, part, reload },
  })
  .describe('Into a file.');

const ToEnvFile = z
  .strictObject({
    envFile: FilePath.describe('A file of NAME=value lines, of which one is changed.'),
    variable: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'a variable has a name of letters, digits and "_"')
      .describe('The variable that will hold the value.'),
    ...{ owner, part, reload },
  })
  .describe('Into one variable of an environment file.');

const ToCommand = z
  .strictObject({
    command: z
      .array(z.string().min(1))
      .min(1)
      .describe('A program and its arguments, which gets the value on standard input. No shell is involved.'),
    part,
  })
  .describe('To a command, for instance one that writes into a password store.');

/** Where a new value goes besides the engine. */
export const Target = z.union([ToFile, ToEnvFile, ToCommand], {
  error:
    'write where the value goes: { file: path }, { envFile: path, variable: NAME } or { command: [program, argument] }',
});
export type Target = z.infer<typeof Target>;
export type FileTarget = Extract<Target, { readonly file: string }>;
export type EnvFileTarget = Extract<Target, { readonly envFile: string }>;
export type CommandTarget = Extract<Target, { readonly command: unknown }>;

/** A target for people: a file, a variable in one, or a command. */
export function nameOf(target: Target): string {
  if ('file' in target) return target.file;
  return 'envFile' in target ? `${target.variable} in ${target.envFile}` : target.command.join(' ');
}
