import type { PaperlessLab } from '../../lab/paperless/server.js';
import { startPaperlessToken } from '../../lab/scenarios/paperless-token.js';
import type { LabServer } from '../../lab/server.js';
import type { Stage } from '../stage.js';
import { stageOf } from './provider-lab.js';

/** The scenario, with a colleague who has a token of their own. The user's own token can be read at any time. */
export async function stagePaperlessApiToken(): Promise<Stage> {
  let colleagues = '';
  return stageOf<PaperlessLab>({
    start: startPaperlessToken,
    isLab,
    ...{ setting: 'paperless_ngx_api_token', step: 'post_document' },
    populate: (lab) => [(colleagues = lab.addColleague('a person'))],
    issued: (lab) => [
      { value: colleagues, label: 'a person', alive: true },
      ...lab
        .tokens()
        .map((value) => ({ value, label: null, alive: lab.working().includes(value), readable: true as const })),
    ],
  });
}

function isLab(server: LabServer): server is PaperlessLab {
  return 'generateToken' in server;
}
