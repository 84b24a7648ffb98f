import { accountOf, claimsOf, engineOf, policyHash, policyOf } from '../../src/config/policy.js';
import { openAiApiKey } from './catalog.js';
import { load, small } from './file.js';

const hour = 3_600_000;

describe('the policy of a credential', () => {
  it('takes its interval from the procedure', () => {
    expect(policyOf(load(small), 'openai', openAiApiKey)).toEqual({
      everyMs: 90 * 24 * hour,
      graceMs: 24 * hour,
      giveUpAfterMs: hour,
      usage: { resolutionMs: 16 * 60_000, lagMs: 24 * hour },
    });
  });

  it('follows the configuration', () => {
    const config = load(
      `${small}    schedule: { every: 30 days, reason: asked for }\n    grace: 0 hours\n    giveUpAfter: 90 seconds\n`,
    );

    expect(policyOf(config, 'openai', openAiApiKey)).toEqual({
      everyMs: 30 * 24 * hour,
      graceMs: 0,
      giveUpAfterMs: 90_000,
      usage: { resolutionMs: 16 * 60_000, lagMs: 24 * hour },
    });
  });

  it('has a fingerprint that depends on what it says, not on how', () => {
    const fingerprint = policyHash({ everyMs: 3, graceMs: 2, giveUpAfterMs: 1 });

    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(policyHash({ giveUpAfterMs: 1, graceMs: 2, everyMs: 3 })).toBe(fingerprint);
    expect(policyHash({ everyMs: 3, graceMs: 2, giveUpAfterMs: 2 })).not.toBe(fingerprint);
  });

  it('is not invented for a credential that is not there', () => {
    expect(() => policyOf(load(small), 'opnai', openAiApiKey)).toThrow(
      'There is no credential "opnai" in the configuration; did you mean "openai"?',
    );
    expect(() => policyOf(load(small), 'constructor', openAiApiKey)).toThrow('There is no credential "constructor"');
  });
});

it('knows the engine that uses a credential', () => {
  expect(engineOf(load(small), 'openai').url).toBe('https://docs.example.com');
});

it('claims each setting of the engine by its address', () => {
  const pair = { ...openAiApiKey, settings: { aws_access_key_id: 'id', aws_secret_access_key: 'secret' } };

  expect(claimsOf(load(small), 'openai', pair)).toEqual([
    'docuelevate:https://docs.example.com#aws_access_key_id',
    'docuelevate:https://docs.example.com#aws_secret_access_key',
  ]);
});

it('names the account by engine and project', () => {
  expect(accountOf(load(small), 'openai', openAiApiKey)).toBe(
    'docuelevate https://docs.example.com / openai https://api.openai.com/v1 proj_abc',
  );
});
