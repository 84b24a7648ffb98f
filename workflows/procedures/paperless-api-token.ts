import type { ReplacingActivities } from '../../activities/kit/replacing.js';
import { activitiesOf } from '../../src/domain/call.js';
import type { ProcedureDescriptor } from '../../src/domain/procedure.js';
import { defineRotation } from '../rotation/define.js';
import { docuelevate, kitCalls, versions } from '../systems.js';
import { feed, stillHolds } from '../feeding.js';

const paperless = activitiesOf<ReplacingActivities>('paperless', kitCalls);
const post = 'post_document'; // shows that a document was accepted; an ordinary user may not query what happened to it

export const paperlessApiToken = {
  id: 'paperless-api-token',
  section: 'Paperless-ngx API Token',
  engine: 'docuelevate',
  provider: 'paperless',
  settings: { paperless_ngx_api_token: 'token' },
  use: { step: post },
  every: '90 days',
  overlap: 'single',
  gap: 'a user has one token: until DocuElevate has the new one, documents do not reach Paperless-ngx. DocuElevate retries them after 1, 5 and 15 minutes',
  workflow: 'rotatePaperlessApiToken',
} as const satisfies ProcedureDescriptor;

export const rotatePaperlessApiToken = defineRotation(paperlessApiToken, {
  accepts: (version) => paperless.accepts(version),
  refuses: (version) => paperless.refuses(version),

  async adopt(run, version) {
    await run.check('Paperless-ngx accepts the token', paperless.accepts(version));
    await run.step("Find out whether it is the user's token", paperless.identify(version));
  },

  /** Guide steps 2 and 3, with nothing in between, because the old token is refused at once. */
  async replace(run) {
    await run.step('Make sure that a lost token can be read', paperless.requireWayIn(run.next));
    await run.step('Replace the token', paperless.replace(run.next), { noWayBack: true });
    await feed(run, 'paperless_ngx_api_token', { noUndo: true });
  },

  /** Guide step 4: "verify document routing works". */
  async verify(run, version) {
    await run.check('A test document is taken with it', docuelevate.processTestDocument({ version, expect: post }));
    await run.check('Paperless-ngx accepts the token', paperless.accepts(version));
    await stillHolds(run, version);
  },

  /** Guide step 4: "then revoke the old token". Replacing it has revoked it. */
  async retire(run, old) {
    await run.check('The old token is refused', paperless.refuses(old));
  },

  async contain(run, targets) {
    if (targets.length === 0) return;
    await run.step('Replace the token', paperless.replace(run.next));
    for (const target of targets) {
      await run.check(`Version ${target.number} is refused`, paperless.refuses(target));
      await run.step(`Record the end of version ${target.number}`, versions.recordEnd(target));
    }
  },
});
