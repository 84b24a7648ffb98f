// What a program tries that knows a port of this machine and nothing else. Each attack resolves with what it got and rejects when that is nothing.
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectPlainly, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

/** What a stranger brings along: a certificate that somebody made who has nothing to do with this server. */
export interface Forged {
  readonly certificate: string;
  readonly key: string;
}

/** What is asked for, in the words of the installation under attack. */
export interface Aim {
  readonly workflowType: string;
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly input: unknown;
}

export type Attack = (port: number, aim: Aim, forged: Forged) => Promise<string>;

const giveUpAfterMs = 3_000;
const page = 'https://a-page-somewhere.example';

const emergency = { id: 'stranger', actor: 'a stranger', reason: 'because I can' };

async function inside<T>(
  port: number,
  tls: ChannelCredentials | undefined,
  act: (connection: Connection) => Promise<T>,
) {
  const channel = tls === undefined ? {} : { credentials: tls };
  const connection = await Connection.connect({
    address: `127.0.0.1:${port}`,
    connectTimeout: giveUpAfterMs,
    ...channel,
  });
  try {
    return await connection.withDeadline(Date.now() + giveUpAfterMs, () => act(connection));
  } finally {
    await connection.close();
  }
}

function emergencyOver(port: number, tls: ChannelCredentials | undefined, aim: Aim): Promise<string> {
  return inside(port, tls, async (connection) => {
    const { workflowId } = await new Client({ connection }).workflow.signalWithStart(aim.workflowType, {
      ...{ workflowId: aim.workflowId, taskQueue: aim.taskQueue, args: [aim.input] },
      ...{ signal: 'emergencyRevoke', signalArgs: [emergency] },
    });
    return `started ${workflowId}`;
  });
}

/** Whoever polls a queue is given its work, and answers what they like. */
function workOver(port: number, tls: ChannelCredentials | undefined, { taskQueue }: Aim): Promise<string> {
  return inside(port, tls, async ({ workflowService }) => {
    const request = { namespace: 'default', taskQueue: { name: taskQueue }, identity: 'a stranger' };
    const { taskToken } = await workflowService.pollWorkflowTaskQueue(request);
    return `was let in as a worker, with ${taskToken.length > 0 ? 'a task' : 'no task yet'}`;
  });
}

let isQuiet = false;
function quiet(): void {
  if (!isQuiet)
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'off' } } });
  isQuiet = true;
}

/** The same with the library of every worker. */
async function work(port: number, { taskQueue }: Aim): Promise<string> {
  quiet();
  const connection = await NativeConnection.connect({ address: `127.0.0.1:${port}` });
  try {
    const activities = { 'openai.accepts': () => false }; // proved refused, it says
    const worker = await Worker.create({ connection, taskQueue, activities });
    await worker.runUntil(delay(500));
    return 'was let in as a worker';
  } finally {
    await connection.close();
  }
}

/** As a browser sends it for a page of another site without asking first: no header that needs a preflight. */
async function asPage(request: ClientRequest, body: string): Promise<string> {
  request.setTimeout(giveUpAfterMs, () => request.destroy(new Error('silence')));
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return `was answered ${response.statusCode}: ${await text(response)}`;
}

/** Of another name than ours: the API takes no slash in it. The work would be the same. */
function post({ workflowType, taskQueue }: Aim): { path: string; body: string } {
  return {
    path: '/api/v1/namespaces/default/workflows/of-a-page/signal-with-start/emergencyRevoke',
    body: JSON.stringify({ workflowType: { name: workflowType }, taskQueue: { name: taskQueue } }),
  };
}

const at = (port: number) => ({ host: '127.0.0.1', port });
const foreign = (host: string) => ({ host, origin: page, 'content-type': 'text/plain' });

/** The first frame of TChannel, which the server's services find each other with: `init req` with two headers. */
function greeting(): Buffer {
  const word = (value: string): Buffer => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const headers = ['host_port', '127.0.0.1:1', 'process_name', 'stranger'].map(word);
  const payload = Buffer.concat([Buffer.from([0, 2, 0, 2]), ...headers]);
  const head = Buffer.alloc(16);
  head.writeUInt16BE(head.length + payload.length, 0);
  head.writeUInt8(0x01, 2);
  head.writeUInt32BE(1, 4);
  return Buffer.concat([head, payload]);
}

async function greeted(socket: Socket): Promise<string> {
  socket.write(greeting());
  const heard = once(socket, 'data') as Promise<[Buffer]>;
  const over = once(socket, 'close').then(() => Promise.reject(new Error('closed')));
  const silence = delay(giveUpAfterMs, undefined, { ref: false }).then(() => Promise.reject(new Error('silence')));
  try {
    const [frame] = await Promise.race([heard, over, silence]);
    if (frame[2] !== 0x02) throw new Error('another protocol');
    return 'was taken for a service of the server';
  } finally {
    heard.catch(() => undefined);
    over.catch(() => undefined);
    silence.catch(() => undefined);
    socket.destroy();
  }
}

const blind = { rejectUnauthorized: false };

/** For the program of another user of this machine. */
export const programs: Readonly<Record<string, Attack>> = {
  'starts an emergency without TLS': (port, aim) => emergencyOver(port, undefined, aim),
  'starts an emergency over TLS without a certificate': (port, aim) =>
    emergencyOver(port, credentials.createSsl(null, null, null, blind), aim),
  'starts an emergency with a certificate of their own': (port, aim, { key, certificate }) =>
    emergencyOver(port, credentials.createSsl(null, Buffer.from(key), Buffer.from(certificate), blind), aim),
  'works on our queue without TLS': (port, aim) => work(port, aim),
  'works on our queue over TLS without a certificate': (port, aim) =>
    workOver(port, credentials.createSsl(null, null, null, blind), aim),
  'works on our queue with a certificate of their own': (port, aim, { key, certificate }) =>
    workOver(port, credentials.createSsl(null, Buffer.from(key), Buffer.from(certificate), blind), aim),
  'joins the services of the server without TLS': (port) => greeted(connectPlainly({ host: '127.0.0.1', port })),
  'joins the services of the server with a certificate of their own': (port, _, { key, certificate }) =>
    greeted(connectSecurely({ host: '127.0.0.1', port, key, cert: certificate, ...blind })),
};

/** For a page that a browser on this machine shows. */
export const pages: Readonly<Record<string, Attack>> = {
  'posts an emergency as text/plain': (port, aim) => {
    const { path, body } = post(aim);
    return asPage(httpRequest({ ...at(port), path, method: 'POST', headers: foreign(`127.0.0.1:${port}`) }), body);
  },
  'posts an emergency over TLS': (port, aim) => {
    const { path, body } = post(aim);
    return asPage(
      httpsRequest({ ...at(port), path, method: 'POST', headers: foreign(`127.0.0.1:${port}`), ...blind }),
      body,
    );
  },
  'posts an emergency under its own name, after its address changed to ours': (port, aim) => {
    const { path, body } = post(aim);
    return asPage(
      httpRequest({ ...at(port), path, method: 'POST', headers: foreign('a-page-somewhere.example') }),
      body,
    );
  },
  'reads a page of ours under its own name': (port) =>
    asPage(httpRequest({ ...at(port), path: '/', headers: foreign('a-page-somewhere.example') }), ''),
};
