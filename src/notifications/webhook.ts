import { createHmac } from 'node:crypto';
import { Http } from '../../activities/shared/http.js';
import { runDirectly } from '../../activities/shared/scope.js';
import type { Channel, Notice } from '../domain/notice.js';

export interface WebhookOptions {
  readonly url: string;
  readonly installation: string;
  readonly secret: () => Promise<string>;
}

const deadlineMs = 10_000; // a receiver only has to accept it

/** Name of the header with the signature: `t=<Unix seconds>,v1=<HMAC-SHA256 of "t.body", hex>`. */
export const signatureHeader = 'keyturn-signature';

/** Posts notices as JSON. The time is signed with the body, so that a receiver can refuse old messages. */
export function webhookChannel({ url, installation, secret }: WebhookOptions): Channel {
  const http = new Http('webhook', url, deadlineMs);
  return {
    name: 'webhook',
    async send(notice) {
      const body = JSON.stringify(messageOf(notice, installation));
      const signature = signatureOf(await secret(), body, Math.floor(Date.now() / 1000));
      const headers = { 'content-type': 'application/json', [signatureHeader]: signature };
      const writer = { workflowId: 'notify', runId: '' };
      await runDirectly(writer, () => http.send({ operation: 'send', method: 'POST', path: '', headers, body }));
    },
  };
}

export function signatureOf(secret: string, body: string, seconds: number): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

function messageOf({ at, ...notice }: Notice, installation: string) {
  return { ...notice, at: new Date(at).toISOString(), installation };
}
