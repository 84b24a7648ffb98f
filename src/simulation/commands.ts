import type { Client } from '@temporalio/client';
import type { RotationReport } from '../domain/rotation.js';
import { containDirectly } from '../operations/emergency/emergency-direct.js';
import { sendEmergency } from '../operations/emergency/emergency-send.js';
import { openSession } from '../operations/session/session.js';
import { owner, SimProcess, type Simulation } from './engine.js';

/** What a command needs on the machine of a rotation. */
export interface Terminal {
  readonly sim: Simulation;
  readonly client: Client;
  /** Path of the configuration. */
  readonly file: string;
}

/** `keyturn emergency`: signals the rotation, and starts a containment beside it when the rotation does not answer. */
export function emergencyCommand(terminal: Terminal, credential: string): Promise<void> {
  return typed(terminal, credential, async (session, emergency) => {
    await sendEmergency(session, terminal.client, emergency);
  });
}

/** `keyturn emergency --direct`: works without Temporal, whatever Temporal is doing at that moment. */
export function directCommand(terminal: Terminal, credential: string): Promise<RotationReport> {
  return typed(terminal, credential, (session, emergency) => containDirectly(session, emergency));
}

type Session = Awaited<ReturnType<typeof openSession>>;
type Emergency = Awaited<ReturnType<Session['store']['ask']>>;

/** Runs a command in a process of its own, with a session of its own. */
function typed<T>(
  { sim, file }: Terminal,
  credential: string,
  work: (session: Session, emergency: Emergency) => Promise<T>,
): Promise<T> {
  return owner.run(new SimProcess(sim, 'command', credential), async () => {
    const session = await openSession({ file });
    try {
      const asked = { credential, actor: 'harness', reason: 'it leaked', versions: null };
      return await work(session, await session.store.ask(asked));
    } finally {
      await session.close();
    }
  });
}
