import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Message {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Takes what a webhook sends. */
export interface TestReceiver {
  readonly url: string;
  readonly messages: readonly Message[];
  /** The status that it answers with. */
  status: number;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<TestReceiver> {
  const messages: Message[] = [];
  const receiver = { messages, status: 200 };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      messages.push({ headers: request.headers, body });
      response.writeHead(receiver.status, { location: '/elsewhere' }).end('the receiver says something of its own');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keyturn`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
