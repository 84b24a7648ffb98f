/** How a command ended, for scripts. `--help` shows the same list. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  rolledBack: 3,
  waiting: 4,
  unreachable: 5,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const worstFirst = [
  exitCodes.failed,
  exitCodes.unreachable,
  exitCodes.rolledBack,
  exitCodes.interrupted,
  exitCodes.waiting,
] as const;

/** Of several exit codes, the one that a script has to act on first. */
export function worstOf(codes: readonly ExitCode[]): ExitCode {
  return worstFirst.find((code) => codes.includes(code)) ?? exitCodes.done;
}

export const exitCodesHelp = `Exit codes:
  0    done
  1    failed
  2    the command or the configuration is not right; nothing was changed
  3    rolled back: the earlier value is in force, as before
  4    waits for a person
  5    a system that is needed cannot be reached
  130  left with Ctrl-C`;
