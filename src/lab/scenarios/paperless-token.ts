import type { EnvironmentOptions } from '../docuelevate/environment.js';
import { type PaperlessLab, type PaperlessLabOptions, startPaperlessLab } from '../paperless/server.js';
import { scenarioOf } from '../provider-lab.js';
import type { ScenarioOptions } from '../scenario.js';

export interface PaperlessScenarioOptions
  extends ScenarioOptions, PaperlessLabOptions, Pick<EnvironmentOptions, 'database' | 'openAiBaseUrl' | 'openAiKey'> {}

/**
 * DocuElevate posts documents to Paperless-ngx with the token of an account. Only from release 2 does it learn what
 * became of a document.
 */
export const startPaperlessToken = scenarioOf<PaperlessLab, PaperlessScenarioOptions>({
  procedure: 'paperless-api-token',
  name: 'paperless',
  start: (options) => startPaperlessLab({ release: 2, ...options }),
  adopt: (paperless) => ({ token: paperless.generateToken() }),
  engine: ({ url: host }, { token = '' }) => ({ paperless: { host, token } }),
  setting: 'paperless_ngx_api_token',
  use: (docuelevate) => docuelevate.usePaperless(),
  provider: ({ url, username }) => ({
    ...{ url, username, password: { file: './paperless-account' } },
    propagation: '0 seconds', // the lab accepts new tokens and refuses deleted ones at once
  }),
  secretFiles: ({ accountPassword }) => ({ 'paperless-account': accountPassword }),
  enginesOwn: /^\/api\/(documents\/post_document|tasks)\//,
  working: (paperless) => paperless.working(),
  inForce: (paperless) => paperless.inForce(),
  values: (paperless) => [paperless.adminPassword, ...paperless.tokens()],
});
