import type { AwsActivities } from '../../activities/aws/own.js';
import { activitiesOf } from '../../src/domain/call.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation, seen } from '../rotation/define.js';
import { docuelevate, kitCalls, versions } from '../systems.js';
import { feed, stillHolds } from '../feeding.js';

const aws = activitiesOf<AwsActivities>('aws', kitCalls);
const upload = 'upload_to_s3';

export const awsS3AccessKeys = {
  id: 'aws-s3-access-keys',
  section: 'AWS S3 Access Keys',
  engine: 'docuelevate',
  provider: 'aws',
  settings: { aws_access_key_id: 'id', aws_secret_access_key: 'secret' },
  use: { step: upload, overwrites: true }, // an object has the name of the document's file
  every: '90 days',
  overlap: 'both-valid',
  pause: '24 hours',
  gap: 'both keys work until the old one is deactivated; uploads that begin between the writes of id and secret fail, and DocuElevate retries them',
  outlives:
    'temporary credentials issued with the key, for up to 36 hours, unless Keyturn may deny them (iam:PutUserPolicy); sessions of roles that it assumed, for up to 12 hours',
  workflow: 'rotateAwsS3AccessKeys',
} as const satisfies ProcedureDescriptor;

export const rotateAwsS3AccessKeys = defineRotation(awsS3AccessKeys, {
  accepts: (version) => aws.accepts(version),
  refuses: (version) => aws.refuses(version),

  async adopt(run, version) {
    await run.check("AWS accepts the key as the service user's", aws.accepts(version));
    await run.step("Find the key among the user's", aws.identify(version));
  },

  async observe(run, version) {
    await run.check(
      'A document is uploaded with what DocuElevate holds',
      docuelevate.observeDocument({ version, expect: upload }),
    );
    await run.check('AWS saw DocuElevate use the adopted key', aws.sawUse(version), { whenNot: 'ask' });
  },

  /** Guide steps 1 and 2: "in sequence before verifying", since the bulk-update endpoint cannot be reached. */
  async replace(run) {
    await run.step('Create a new access key', aws.create(run.next), { undo: aws.remove(run.next) });
    // Before the engine gets it: STS and S3 have different propagation delays.
    await run.check("AWS accepts the new key as the service user's", aws.accepts(run.next));
    await run.check('The bucket takes an object with it', aws.writesObject(run.next));
    await feed(run, 'aws_access_key_id and aws_secret_access_key');
  },

  /** Guide step 3. The document comes before our own probe, so that the engine made the use that AWS reports. */
  async verify(run, version) {
    await run.check(
      'A test document is uploaded to S3 with it',
      docuelevate.processTestDocument({ version, expect: upload }),
    );
    await run.check('AWS saw the key in use', aws.sawUse(version));
    await run.check('AWS accepts the key', aws.accepts(version));
    await stillHolds(run, version);
  },

  /** Guide step 4. */
  async retire(run, old) {
    await run.check(
      'No document was lost between the two writes',
      docuelevate.countFailedUploads({ version: run.next, step: upload }),
      { whenNot: 'ask' },
    );
    await run.check('Nothing else uses the old key', versions.soleUser(old), { whenNot: 'ask' });
    await run.check('The old key is idle', aws.isIdle(old), { whenNot: 'ask' });
    await run.tryOut('Deactivate the old access key', aws.deactivate(old), {
      undo: aws.activate(old),
      async trial() {
        await run.check('The old key is refused', aws.refuses(old));
        await run.verify();
      },
    });
    await run.pause('Keep the old access key inactive', awsS3AccessKeys.pause);
    await run.check('Meanwhile the old key is idle', aws.isIdle(old), { whenNot: 'ask' });
    await run.check('The new key is seen in use', seen(run), { whenNot: 'ask' });
    await run.step('Delete the old access key', aws.remove(old));
  },
});
