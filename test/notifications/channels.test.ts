import { createHmac } from 'node:crypto';
import { type MailLab, startMailLab } from '../../src/lab/mail/server.js';
import { emailChannel } from '../../src/notifications/email.js';
import type { Notice } from '../../src/domain/notice.js';
import { webhookChannel } from '../../src/notifications/webhook.js';
import { randomValue } from '../store/fixtures.js';
import { startReceiver, type TestReceiver } from '../support/receiver.js';

const notice: Notice = {
  ...{ id: 'openai/2/begun', event: 'started', at: Date.UTC(2026, 10, 22, 12), credential: 'openai', version: 2 },
  ...{
    owner: 'platform@example.com',
    summary: 'openai: the rotation to version 2 has begun',
    detail: 'By ada: it is time',
  },
};

describe('a webhook', () => {
  const secret = randomValue();
  let receiver: TestReceiver;
  beforeEach(async () => void (receiver = await startReceiver()));
  afterEach(() => receiver.stop());
  const channel = () => webhookChannel({ url: receiver.url, installation: 'one', secret: async () => secret });

  it('gets JSON that a program can act on', async () => {
    await channel().send(notice);

    expect(receiver.messages).toHaveLength(1);
    expect(JSON.parse(receiver.messages[0]!.body)).toEqual({
      ...notice,
      at: '2026-11-22T12:00:00.000Z',
      installation: 'one',
    });
    expect(receiver.messages[0]!.headers['content-type']).toBe('application/json');
  });

  it('can tell by the signature that the message is ours, and when it was sent', async () => {
    await channel().send(notice);

    const [{ headers, body }] = receiver.messages as [TestReceiver['messages'][number]];
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['keyturn-signature'])) ?? [];
    expect(signature).toBe(createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'));
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(5);
    expect(JSON.stringify(headers) + body).not.toContain(secret);
  });

  it.each([500, 403, 302])('is not content with the answer %d, and repeats nothing of it', async (status) => {
    receiver.status = status;

    const error = await channel()
      .send(notice)
      .catch((error: Error) => error);

    const told = `OutsideError: webhook send answered ${status}`; // of a redirect its host alone is said
    expect(String(error).replace(/, a redirect to http:\/\/127\.0\.0\.1:\d+: configure .*$/, '')).toBe(told);
    expect(receiver.messages).toHaveLength(1); // no redirect is followed
  });

  it('says so when nobody is there', async () => {
    await receiver.stop();

    await expect(channel().send(notice)).rejects.toThrow('webhook send got no usable answer');
    receiver = await startReceiver();
  });
});

describe('e-mail', () => {
  let lab: MailLab;
  beforeEach(async () => void (lab = await startMailLab({ isOpen: true })));
  afterEach(() => lab.stop());
  const settings = () => ({
    ...{ host: '127.0.0.1', port: lab.smtp.port, security: 'none' as const, password: null },
    ...{ from: 'keyturn@example.com', to: ['platform@example.com', 'security@example.com'] },
  });

  it('reaches everybody, and says what happened', async () => {
    await emailChannel(settings()).send(notice);

    const [mail] = lab.mails;
    expect(mail).toMatchObject({ from: 'keyturn@example.com', to: ['platform@example.com', 'security@example.com'] });
    expect(mail?.content).toContain('Subject: Keyturn: openai: the rotation to version 2 has begun');
    for (const line of ['By ada: it is time', 'Credential: openai', 'Version: 2', 'Reference: openai/2/begun'])
      expect(mail?.content).toContain(line);
  });

  it('repeats nothing of what a server that refuses says', async () => {
    lab.recipientAnswer = '550 something of its own';

    const error = await emailChannel(settings())
      .send(notice)
      .catch((error: Error) => error);

    expect(String(error)).toBe('OutsideError: email send answered 550');
  });

  it('sends neither password nor message over a connection that cannot be protected', async () => {
    const password = randomValue();
    const channel = emailChannel({
      ...settings(),
      security: 'starttls',
      username: 'keyturn',
      password: async () => password,
    });

    await expect(channel.send(notice)).rejects.toThrow('email send');

    expect(lab.mails).toEqual([]);
    expect(lab.smtp.lines.filter((line) => /^(AUTH|MAIL)/.test(line))).toEqual([]);
  });
});
