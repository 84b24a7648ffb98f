import { paperlessApiToken } from '../../../workflows/procedures/paperless-api-token.js';
import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { type PaperlessLab, type PaperlessLabOptions, startPaperlessLab } from '../paperless/server.js';
import { labOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface PaperlessScenarioOptions
  extends ScenarioOptions, PaperlessLabOptions, Pick<EnvironmentOptions, 'database' | 'openAiBaseUrl' | 'openAiKey'> {}

/**
 * DocuElevate posts documents to Paperless-ngx with the token of an account. Only from release 2 does it learn what
 * became of a document.
 */
export const paperlessLab = labOf<PaperlessLab, PaperlessScenarioOptions>({
  procedure: paperlessApiToken,
  name: 'paperless',
  start: (options) => startPaperlessLab({ release: 2, ...options }),
  adopt: (paperless) => ({ token: paperless.generateToken() }),
  engine: ({ url: host }, { token = '' }) => ({ paperless: { host, token } }),
  use: 'paperless',
  entry: ({ url, username }) => ({
    // the lab accepts new tokens and refuses deleted ones at once
    provider: { url, username, password: { file: './paperless-account' }, propagation: '0 seconds' },
    unseenUse: 'retire',
  }),
  secretFiles: ({ accountPassword }) => ({ 'paperless-account': accountPassword }),
  enginesOwn: ({ path }) => /^\/api\/(documents\/post_document|tasks)\//.test(path),
  secrets: (paperless) => [paperless.adminPassword, ...paperless.tokens()],
  inForce: (paperless) => paperless.inForce(),
  /** A colleague has a token of their own. */
  populate(paperless) {
    const token = paperless.addColleague('a person');
    return { own: { token }, values: [token] };
  },
  /** The user's own token can be read at any time. */
  issued: (paperless) =>
    paperless
      .everyToken()
      .map(({ value, username: of, works: alive }) =>
        of === paperless.username ? { value, label: null, alive, readable: true } : { value, label: of, alive },
      ),
  kill: (paperless, { token = '' }) => paperless.kill(token),
});

export const startPaperlessToken = paperlessLab.start;
