import type { AuthHandlerMiddleware } from 'ssh2';
import { z } from 'zod';
import { SftpAccount } from '../sftp/account.js';
import { type SignIn, trySignIn } from '../sftp/client.js';
import { CannotTell } from '../shared/outside-error.js';
import { fewLogins, portField, type Probe, serverFields } from './probe.js';

/** A login at an SFTP server with a password. A private key has a procedure of its own. */
export const SftpSection = z.strictObject({
  protocol: z.literal('sftp'),
  ...serverFields,
  port: portField(22),
  hostKey: SftpAccount.shape.hostKey,
});
export type SftpSection = z.output<typeof SftpSection>;

export function sftpProbe(server: SftpSection): Probe {
  const { host, port, username } = server;
  const request = `a new SSH login at ${host}:${port} as ${username} with only this password`;
  return {
    ...{ ...fewLogins, name: host, request, welcome: '"accepted"', refusal: '"refused"' },
    async ask(password) {
      const login = passwordAlone(username, password);
      const verdict = await trySignIn(server, login);
      const why = login.whyUndecided(verdict);
      if (why !== null) throw new CannotTell(`${request} shows nothing: the server ${why}`);
      return { verdict, providerTime: undefined };
    },
  };
}

/** Offers nothing first, to learn which methods the server allows, then the password once. */
function passwordAlone(username: string, password: string) {
  let sent: 'nothing' | 'none' | 'password' = 'nothing';
  let isHalf = false;
  const authHandler: AuthHandlerMiddleware = (allowed, partialSuccess) => {
    if (sent === 'nothing') return { type: (sent = 'none'), username };
    if (sent === 'none' && allowed.includes('password')) return { type: (sent = 'password'), username, password };
    isHalf = partialSuccess;
    return false;
  };
  return {
    ...({ username, authHandler } satisfies SignIn),
    whyUndecided(verdict: 'accepted' | 'refused'): string | null {
      if (isHalf) return 'asks for a second factor';
      if (sent === 'password') return null;
      return verdict === 'accepted' ? 'lets everybody in without a password' : 'offers no login by password';
    },
  };
}
