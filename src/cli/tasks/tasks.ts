import type { Client } from '@temporalio/client';
import { type Command, Option } from 'commander';
import type { Task } from '../../domain/task.js';
import type { Session } from '../../operations/session/session.js';
import type { FirstAnswer } from '../../operations/tasks/ask-first.js';
import type { TaskEnding } from '../../store/records.js';
import { ledgerText } from '../terminal/arguments.js';
import { type ExitCode, exitCodes } from '../terminal/exit-codes.js';
import { printable } from '../terminal/layout.js';
import { interruptible } from '../terminal/interruptible.js';
import { type Cli, examples, perform } from '../terminal/perform.js';
import { reasonOption, withReason } from '../terminal/reason.js';
import type { ValueSource } from '../terminal/value-input.js';
import { withSession } from '../terminal/with-session.js';

const description = `Some steps of a rotation only a person can do: create a value on a page that has no API, or revoke one there. Each is a task in the store, with instructions, somebody who does it, and a due time. A rotation goes on as soon as its task is done. Name a task by its id, or by its credential when that has one open task.`;

const newName = 'the new assignee, for instance a mail address';

export function defineTasks(program: Command): void {
  const tasks = program
    .command('tasks')
    .summary('see and do what rotations ask people for')
    .description(description)
    .addHelpText(
      'after',
      examples('keyturn tasks', 'keyturn tasks show 3f9c01ab', 'keyturn tasks complete mailbox --stdin'),
    );
  tasks
    .command('list', { isDefault: true })
    .summary('what is open, for whom and until when; without a command, this')
    .description('Lists what rotations ask people for. Changes nothing.')
    .option('--all', 'also the tasks that have ended')
    .addHelpText('after', examples('keyturn tasks', 'keyturn tasks --all'))
    .action(({ all = false }: { readonly all?: boolean }, command: Command) =>
      perform(command, (cli) => list(cli, all)),
    );
  tasks
    .command('show <task>')
    .summary('what to do, step by step')
    .description('Shows the instructions of a task, who does it and until when. Changes nothing.')
    .addHelpText('after', examples('keyturn tasks show mailbox'))
    .action((named: string, _options: unknown, command: Command) => perform(command, (cli) => show(cli, named)));
  tasks
    .command('take <task>')
    .summary('do it yourself, and see the value that it needs')
    .description(
      'Makes you the assignee. Where Keyturn generated the new value, it is shown in this terminal, once; the ledger records it.',
    )
    .addHelpText('after', examples('keyturn tasks take webdav'))
    .action((named: string, _options: unknown, command: Command) => perform(command, (cli) => take(cli, named)));
  defineComplete(tasks);
  defineDecline(tasks);
  defineReassign(tasks);
}

function defineDecline(tasks: Command): void {
  tasks
    .command('decline <task>')
    .summary('say that you do not do it')
    .description(
      'The rotation rolls back as long as there is a way back. After that it waits for a decision. Say it also when you have begun and changed nothing.',
    )
    .addOption(reasonOption())
    .addHelpText('after', examples('keyturn tasks decline mailbox --reason "the vendor is down"'))
    .action((named: string, { reason: given }: { readonly reason?: string }, command: Command) =>
      perform(command, (cli) =>
        withReason({ cli, command, given }, (asked, words) =>
          end(asked, named, async () => ({ state: 'declined', actor: cli.actor, words })),
        ),
      ),
    );
}

function defineReassign(tasks: Command): void {
  tasks
    .command('reassign <task>')
    .summary('give it to somebody else')
    .description('Changes who does the task. Reminders go on.')
    .addOption(new Option('--to <name>', newName).argParser(ledgerText).makeOptionMandatory())
    .addHelpText('after', examples('keyturn tasks reassign mailbox --to maria@example.com'))
    .action((named: string, { to }: { readonly to: string }, command: Command) =>
      perform(command, (cli) => reassign(cli, named, to)),
    );
}

interface CompleteOptions extends ValueSource {
  readonly reason?: string;
  readonly unchecked?: true;
}

function defineComplete(tasks: Command): void {
  tasks
    .command('complete <task>')
    .summary('say that it is done, and give what it asks for')
    .description(
      'Asks for what the task needs: a new value at a hidden prompt, which goes straight into the store, or a sentence about what you saw. Then the rotation goes on. A value that is empty, masked or known already is refused. Where the credential has a probe, the server is asked once before the value is stored, and a value that it refuses is not stored.',
    )
    .option('--stdin', 'read the value from standard input')
    .option('--env-file <file>', 'read the value from a file of NAME=value lines, with --variable')
    .option('--variable <name>', 'the variable of --env-file that holds it')
    .option('--unchecked', 'store the value without asking the server, for one that does not know it yet')
    .addOption(new Option('--reason <text>', 'what you did or saw; it goes into the ledger').argParser(ledgerText))
    .addHelpText(
      'after',
      examples(
        'keyturn tasks complete mailbox',
        'keyturn tasks complete 3f9c01ab --reason "signed in through Authentik"',
      ),
    )
    .action((named: string, options: CompleteOptions, command: Command) =>
      perform(command, (cli) =>
        end(cli, named, (task, session) => completion(cli, { task, session, options, command })),
      ),
    );
}

interface Completing {
  readonly task: Task;
  readonly session: Session;
  readonly options: CompleteOptions;
  readonly command: Command;
}

async function completion(cli: Cli, { task, session, options, command }: Completing): Promise<Ending> {
  const { reason, unchecked = false, ...source } = options;
  const words = reason ?? (task.asks === 'word' ? await askWords(cli, command) : null);
  const ending = { state: 'done', actor: cli.actor, words } as const;
  if (task.asks !== 'value' || task.state !== 'open') return ending;
  const parts = await askValue(cli, { task, session, source });
  if (unchecked) return { ...ending, parts };
  const { askFirst } = await import('../../operations/tasks/ask-first.js');
  const asked = await interruptible(cli, (signal) => askFirst(session, { task, parts, signal }));
  return { ...ending, parts, asked };
}

function askWords(cli: Cli, command: Command): Promise<string> {
  return withReason({ cli, command, given: undefined }, (_, reason) => Promise.resolve(reason));
}

interface ValueAsked {
  readonly task: Task;
  readonly session: Session;
  readonly source: ValueSource;
}

async function askValue(
  cli: Cli,
  { task: { credential }, session, source }: ValueAsked,
): Promise<Readonly<Record<string, string>>> {
  const { readValue } = await import('../terminal/value-input.js');
  const { partsToGive } = await import('../../operations/setup/adopt.js');
  const { descriptorOf } = await import('../../../workers/descriptor.js');
  const partNames = partsToGive(descriptorOf(session.config, credential));
  const message = `New value of ${credential}:`;
  return readValue(cli, source, { credential, partNames, ...(partNames.length === 1 && { message }) });
}

async function list(cli: Cli, all: boolean): Promise<void> {
  const { tasksText } = await import('./tasks-text.js');
  const tasks = await withSession(cli, ({ store }) => store.tasks());
  const shown = tasks.filter(({ state }) => all || state === 'open');
  cli.answer({ tasks: shown }, tasksText(shown, cli.paint, Date.now()));
}

async function found<T>(cli: Cli, named: string, action: (session: Session, task: Task) => Promise<T>): Promise<T> {
  const { findTask } = await import('../../operations/tasks/tasks.js');
  return withSession(cli, async (session) => action(session, await findTask(session, named)));
}

async function show(cli: Cli, named: string): Promise<void> {
  const { taskText } = await import('./tasks-text.js');
  const task = await found(cli, named, async (_, each) => each);
  cli.answer(task, taskText(task, cli.paint, Date.now()));
}

async function take(cli: Cli, named: string): Promise<void> {
  const { taskText } = await import('./tasks-text.js');
  const { onlyInTerminal } = await import('../records/reveal.js');
  const { task, value } = await found(cli, named, async ({ store }, { id, handsOver, credential, version }) => {
    if (handsOver && (cli.json || !process.stdout.isTTY)) throw onlyInTerminal();
    const mine = await store.reassignTask(id, { to: cli.actor, actor: cli.actor });
    if (!handsOver) return { task: mine, value: null };
    const parts = await store.unseal({ credential, number: version });
    return { task: await store.handOverTask(id, cli.actor), value: Object.values(parts)[0] ?? '' };
  });
  cli.answer(task, taskText(task, cli.paint, Date.now()));
  if (value === null) return;
  cli.say(
    '',
    cli.paint.dim('The new value. It is shown once; the ledger records that. Clear the screen when you are done.'),
  );
  cli.stream.write(`${printable(value)}\n`); // unbroken, so that it can be copied
}

async function reassign(cli: Cli, named: string, to: string): Promise<void> {
  const task = await found(cli, named, ({ store }, { id }) => store.reassignTask(id, { to, actor: cli.actor }));
  cli.answer(task, [`${cli.paint.good('✔')} Task ${cli.paint.bold(task.id)} is for ${to} now.`]);
}

/** With what the server said of a value. */
type Ending = TaskEnding & { readonly asked?: FirstAnswer | null };

async function end(
  cli: Cli,
  named: string,
  endingOf: (task: Task, session: Session) => Promise<Ending>,
): Promise<ExitCode> {
  const { endTask, tellRotation } = await import('../../operations/tasks/tasks.js');
  const { task, told, asked } = await found(cli, named, async (session, open) => {
    const { asked: answer = null, ...ending } = await endingOf(open, session);
    const ended = await endTask(session, { task: open, ending });
    return { task: ended, told: await tell(session, (client) => tellRotation(session, client, ended)), asked: answer };
  });
  const { good, bold, dim } = cli.paint;
  const more = told ? '' : '. It goes on as soon as a worker runs: keyturn up, or keyturn worker';
  cli.answer({ task, told, asked }, [
    `${good('✔')} Task ${bold(task.id)} of ${bold(task.credential)} is ${task.state}. The ledger has it, by ${cli.actor}.`,
    ...(asked ? [askedText(asked, cli.paint)] : []),
    `  ${dim('Next')}  keyturn status ${task.credential} --follow${more}`,
  ]);
  return told ? exitCodes.done : exitCodes.unreachable;
}

function askedText({ accepted, detail }: FirstAnswer, { attention, dim }: Cli['paint']): string {
  if (accepted === true) return `  ${dim(`The server was asked first: ${detail}`)}`;
  return `  ${attention('!')} The server could not be asked first whether it accepts the value: ${detail}`;
}

/** False when Temporal cannot be reached: what the person did is in the store all the same. */
async function tell(session: Session, action: (client: Client) => Promise<boolean>): Promise<boolean> {
  const { reachTemporal } = await import('../../operations/session/reach.js');
  const reached = await reachTemporal(session.config).catch(() => null);
  if (!reached) return false;
  try {
    return await action(reached.client);
  } finally {
    await reached.client.connection.close();
  }
}
