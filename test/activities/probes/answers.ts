import { createServer, type AddressInfo, type Server } from 'node:net';
import { ask } from './fixture.js';

/** The verdict, or `later` where a question gets no answer. */
export async function verdictOn(section: unknown, value: string): Promise<string> {
  const said = await ask(section, value).catch((error: Error) => {
    expect(error.name).toBe('OutsideError');
    return 'later';
  });
  return said.replace(/:.*/s, '');
}

/** A server that says the greeting, and answers every line with what `answer` makes of it. */
export async function withLines<T>(
  greeting: string,
  answer: (line: string) => readonly string[],
  act: (port: number) => Promise<T>,
): Promise<T> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${greeting}\r\n`);
    socket.on('data', (chunk) => {
      const lines = chunk.toString().split('\r\n').slice(0, -1);
      for (const line of lines) for (const said of answer(line)) socket.write(`${said}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await act((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A section for a server of this machine. */
export const loginAt = (protocol: string, port: number) => ({
  ...{ protocol, host: '127.0.0.1', port, username: 'scans@example.com', security: 'none' },
});

/** Asks a server that answers a login so, after its tag. */
export function askImap(greeting: string, answer: string): Promise<string> {
  let tag = '';
  const reply = (line: string): readonly string[] => {
    const [first = '', verb = ''] = line.split(' ');
    if (verb === '') return [`${tag} ${answer}`]; // name and password, after "+"
    tag = first;
    if (verb === 'AUTHENTICATE') return ['+ '];
    if (verb === 'LOGOUT') return ['* BYE Logging out', `${tag} OK Logout completed.`];
    return [`${tag} ${verb === 'LOGIN' ? answer : 'OK done'}`];
  };
  return withLines(greeting, reply, (port) => verdictOn(loginAt('imap', port), 'some-example-pass'));
}

/** Asks a server that answers EHLO and a login so. */
export function askSmtp(greeting: string, hello: readonly string[], answer: string): Promise<string> {
  const reply = (line: string): readonly string[] => {
    if (line.startsWith('EHLO')) return hello;
    return [line.startsWith('AUTH') ? answer : '221 2.0.0 Bye'];
  };
  return withLines(greeting, reply, (port) => verdictOn(loginAt('smtp', port), 'some-example-pass'));
}
