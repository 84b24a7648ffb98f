import type { AwsLab } from '../../lab/aws/server.js';
import { fastClock } from '../../lab/clock.js';
import type { DocuElevateLab } from '../../lab/docuelevate/server.js';
import { type AwsScenarioOptions, startAwsS3AccessKeys } from '../../lab/scenarios/aws-s3-access-keys.js';
import type { OpenAiLab } from '../../lab/openai/server.js';
import type { LabServer } from '../../lab/server.js';
import { letterAbout, once } from '../letters.js';
import type { Documents, Stage } from '../stage.js';
import { withAi } from '../with-ai.js';

const oneDayMs = 86_400_000;
/** To whichever change it is given, it says that it was made. */
const hollowBody = '<UpdateAccessKeyResponse><DeleteAccessKeyResponse/></UpdateAccessKeyResponse>';

/** The scenario, with a colleague whose own key may write to the bucket as well. */
export function stageAwsS3AccessKeys(): Promise<Stage> {
  return stageOf({});
}

/** The same where AWS notes uses as the real one does: the first in a quarter of an hour alone, in whole minutes. */
export function stageAwsS3AccessKeysInBuckets(): Promise<Stage> {
  return stageOf({ usageStepMs: 60_000, usageResolutionMs: 900_000, usageResolution: '1 second' });
}

async function stageOf(behavior: AwsScenarioOptions): Promise<Stage> {
  const base = fastClock(1000); // AWS tells times in whole seconds
  let skewMs = 0;
  const past = { settlingMs: -oneDayMs, lingeringMs: -oneDayMs }; // a clock that is put back makes no key unborn
  const { openai, stop, ...engine } = await withAi();
  const scenario = await startAwsS3AccessKeys({ clock: () => base() + skewMs, ...past, ...engine, ...behavior });
  const { aws, docuelevate } = scenario.systems;
  if (!isAws(aws) || !isDocuElevate(docuelevate)) throw new Error('the scenario has other systems than this stage');
  const { id = '', secret = '' } = scenario.adopted;
  const own = () => aws.others().filter(({ works }) => works);
  return {
    scenario: {
      ...scenario,
      working: () => [...scenario.working(), ...own().map((key) => key.secret)],
      stop: () => stop(scenario),
    },
    systems: [aws, docuelevate],
    documents: documentsOf({ docuelevate, aws, openai }),
    issued: () => [
      ...aws.others().map((key) => ({ value: key.secret, label: key.id, alive: key.works, foreign: true })),
      ...aws.keys().map((key) => ({
        ...{ value: key.secret, label: key.id, alive: key.active && !key.deleted, foreign: false },
        ...(key.ours && { nameless: true as const }),
      })),
    ],
    edit(to) {
      const [pair = { id, secret }] = to === 'own' ? own() : [];
      docuelevate.editSetting('aws_access_key_id', pair.id, 'a person');
      docuelevate.editSetting('aws_secret_access_key', pair.secret, 'a person');
    },
    killAdopted: () => aws.deleteByHand(id),
    skew: (ms) => void (skewMs += ms),
    hollow: { body: () => hollowBody, probe: '/{bucket}/{object}' },
  };
}

interface Systems {
  readonly docuelevate: DocuElevateLab;
  readonly aws: AwsLab;
  readonly openai: OpenAiLab;
}

function documentsOf({ docuelevate: lab, aws, openai }: Systems): Documents {
  return {
    ...{ lab, step: 'upload_to_s3', write: letterAbout, failsEarlier: true },
    taken: (text) =>
      aws
        .puts()
        .filter(({ content }) => content.includes(text))
        .map(({ by, at }) => ({ value: by, at })),
    failOne: (text) => openai.failFor(once(text)),
  };
}

function isAws(server: LabServer | undefined): server is AwsLab {
  return server !== undefined && 'issueSession' in server;
}

function isDocuElevate(server: LabServer | undefined): server is DocuElevateLab {
  return server !== undefined && 'editSetting' in server;
}
