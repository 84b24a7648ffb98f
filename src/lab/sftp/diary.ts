import type { Socket } from 'node:net';

/** sshd's log of one connection at `LogLevel VERBOSE`. */
export interface Diary {
  /** The client's address and port, in the log's format. */
  readonly peer: string;
  readonly address: string;
  write(...lines: readonly string[]): void;
  /** Sets who is signing in, such as `authenticating user scans`. */
  asks(who: string): void;
  letIn(user: string): void;
  startSession(): void;
  /** The server ends the connection, for a reason that is already logged. */
  hungUp(): void;
}

/** First process id in the log. */
const firstPid = 4242;

export function createDiary(log: string[], socket: Socket): Diary {
  const { remoteAddress: address = '', remotePort = 0, localAddress, localPort } = socket;
  const peer = `${address} port ${remotePort}`;
  const pid = firstPid + log.length;
  let [asking, user, sessions, over] = ['', '', 0, false];
  const write = (...lines: readonly string[]): void => void log.push(...lines);
  const close = (): void => {
    if (over) return;
    if (user === '') return write(`Connection closed by ${asking}${peer} [preauth]`);
    write(`Connection closed by ${peer}`);
    for (let id = 0; id < sessions; id++) write(`Close session: user ${user} from ${peer} id ${id}`);
    write(`Transferred: sent ${socket.bytesWritten}, received ${socket.bytesRead} bytes`);
    write(`Closing connection to ${peer}`);
  };
  write(`Connection from ${peer} on ${localAddress} port ${localPort} rdomain ""`);
  socket.once('close', close);
  return {
    ...{ peer, address, write },
    asks: (who) => void (asking = `${who} `),
    letIn(name) {
      user = name;
      write(`User child is on pid ${pid}`);
    },
    startSession: () =>
      write(`Starting session: forced-command (config) 'internal-sftp' for ${user} from ${peer} id ${sessions++}`),
    hungUp: () => void (over = true),
  };
}
