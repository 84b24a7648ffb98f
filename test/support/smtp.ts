import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they were sent. */
  readonly content: string;
}

/** A mail server that keeps what it gets, with as much SMTP (RFC 5321) as sending takes. */
export interface TestSmtp {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** Every line that clients sent, without message content. */
  readonly commands: readonly string[];
  /** Its answer to a recipient; a refusal is a line that begins with 5. */
  recipientAnswer: string;
  stop(): Promise<void>;
}

export async function startTestSmtp(): Promise<TestSmtp> {
  const mails: Mail[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const smtp = { mails, commands, recipientAnswer: '250 ok' };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    converse(socket, smtp);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(smtp, {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function converse(socket: Socket, smtp: { mails: Mail[]; commands: string[]; recipientAnswer: string }): void {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let mail: { from: string; to: string[] } = { from: '', to: [] };
  let content: string[] | null = null;
  let rest = '';
  const take = (line: string): void => {
    if (content) {
      if (line !== '.') return void content.push(line.replace(/^\.\./, '.'));
      smtp.mails.push({ ...mail, content: content.join('\n') });
      [content, mail] = [null, { from: '', to: [] }];
      return void say('250 kept');
    }
    smtp.commands.push(line);
    const address = /<(.*?)>/.exec(line)?.[1] ?? '';
    switch (line.slice(0, 4).toUpperCase()) {
      case 'EHLO':
        return void say('250 test');
      case 'MAIL':
        mail.from = address;
        return void say('250 ok');
      case 'RCPT':
        mail.to.push(address);
        return void say(smtp.recipientAnswer);
      case 'DATA':
        content = [];
        return void say('354 go on');
      case 'QUIT':
        say('221 bye');
        return void socket.end();
      default:
        return void say('502 not here');
    }
  };
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\r\n');
    rest = lines.pop() ?? '';
    lines.forEach(take);
  });
  say('220 test');
}
