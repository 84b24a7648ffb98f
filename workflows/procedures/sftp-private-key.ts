import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation, seen } from '../rotation/define.js';
import { docuelevate, sftp, versions } from '../systems.js';
import { feed, stillHolds } from '../feeding.js';

const upload = 'upload_to_sftp';

export const sftpPrivateKey = {
  id: 'sftp-private-key',
  section: 'SFTP Private Key',
  engine: 'docuelevate',
  provider: 'sftp',
  // The passphrase first: DocuElevate also reads an unencrypted file when a passphrase is set.
  settings: { sftp_private_key_passphrase: 'passphrase', sftp_private_key: 'path' },
  optionalParts: ['passphrase'],
  fallback: 'sftp_password',
  adopts: 'privateKey',
  use: { step: upload },
  every: '90 days', // the guide's table has no row for private keys; SFTP passwords have 90 days
  overlap: 'both-valid',
  gap: 'both keys work until the old one is switched off; uploads that still use it then fail. A test document shows that within a minute, and the old key is switched on again. DocuElevate retries failed uploads after 1, 5 and 15 minutes',
  workflow: 'rotateSftpPrivateKey',
  outlives: 'open connections: they last until they are closed',
} as const satisfies ProcedureDescriptor;

const why = 'an SFTP server does not report which key a login used';

export const rotateSftpPrivateKey = defineRotation(sftpPrivateKey, {
  accepts: (version) => sftp.acceptsKey(version),
  refuses: (version) => sftp.refusesKey(version),

  async adopt(run, version) {
    await run.step('Find the key in its file and in authorized_keys', sftp.identifyKey(version));
    await run.check('The server accepts the key', sftp.acceptsKey(version));
  },

  /** Guide steps 1 to 3. The setting is a path, so the new key is in a file of its own before the setting names that file. */
  async replace(run) {
    await run.step('Generate a new key pair', sftp.generateKeyPair(run.next));
    await run.step('Install the new public key', sftp.authorizeKey(run.next), { undo: sftp.removeKey(run.next) });
    await run.check('The server accepts the new key', sftp.acceptsKey(run.next));
    await run.step('Place the private key where DocuElevate can read it', sftp.placeKeyFile(run.next), {
      undo: sftp.removeKeyFile(run.next),
    });
    await feed(run, 'sftp_private_key');
  },

  /** Guide step 4: "verify connectivity". */
  async verify(run, version) {
    await run.check('A test document arrives over SFTP', docuelevate.processTestDocument({ version, expect: upload }));
    await run.check(
      'No password was used in its place',
      docuelevate.hasNoFallback({ version, setting: sftpPrivateKey.fallback }),
    );
    await run.check('No other key was used in its place', sftp.isOnlyKey(version));
    await run.check('The server accepts the key', sftp.acceptsKey(version));
    await stillHolds(run, version);
  },

  /** Guide step 4: "then remove the old public key". It is switched off first: a document that arrives meanwhile used the new key. */
  async retire(run, old) {
    await run.check('Nothing else uses the old key', versions.soleUser(old), { whenNot: 'ask' });
    await run.check('The old key is idle', versions.notObservable({ version: old, kind: 'idle', why }));
    // A server does not report which key a login used, so a document has to arrive while the old key is switched off.
    await run.tryOut('Switch off the old public key', sftp.disableKey(old), {
      undo: sftp.enableKey(old),
      within: '1 minute',
      async trial() {
        await run.check('The old key is refused', sftp.refusesKey(old));
        await run.verify();
      },
    });
    await run.check(
      'No upload failed while the old key was off',
      docuelevate.countFailedUploads({ version: run.next, step: upload, since: 'the last reload but one' }),
      { whenNot: 'ask' },
    );
    await run.check('The new key is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Remove the old public key', sftp.removeKey(old));
    await run.check('The old key stays refused', sftp.refusesKey(old));
    await run.step('Delete the old private key file', sftp.removeKeyFile(old));
  },

  /** In one step: parallel steps would undo each other's change of the same file. */
  async contain(run, targets) {
    if (targets.length === 0) return;
    await run.step('Remove every public key that is meant', sftp.removeKeys({ version: run.next, targets }));
    for (const target of targets) {
      await run.check(`Version ${target.number} is refused`, sftp.refusesKey(target));
      await run.step(`Delete the private key file of version ${target.number}`, sftp.removeKeyFile(target));
      await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
    }
  },
});
