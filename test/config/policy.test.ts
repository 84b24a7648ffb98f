import { accountOf, claimsOf, engineOf, rotationPolicyOf } from '../../src/config/policy.js';
import { openAiApiKey } from './catalog.js';
import { load, small } from './file.js';

const hour = 3_600_000;

describe('the policy of a credential', () => {
  it('has defaults', () => {
    expect(rotationPolicyOf(load(small), 'openai', openAiApiKey)).toEqual({
      graceMs: 24 * hour,
      giveUpAfterMs: hour,
      usage: { resolutionMs: 16 * 60_000, lagMs: 24 * hour },
    });
  });

  it('follows the configuration', () => {
    const config = load(`${small}    grace: 0 hours\n    giveUpAfter: 90 seconds\n`);

    expect(rotationPolicyOf(config, 'openai', openAiApiKey)).toEqual({
      graceMs: 0,
      giveUpAfterMs: 90_000,
      usage: { resolutionMs: 16 * 60_000, lagMs: 24 * hour },
    });
  });

  it('is not invented for a credential that is not there', () => {
    expect(() => rotationPolicyOf(load(small), 'opnai', openAiApiKey)).toThrow(
      'There is no credential "opnai" in the configuration; did you mean "openai"?',
    );
    expect(() => rotationPolicyOf(load(small), 'constructor', openAiApiKey)).toThrow(
      'There is no credential "constructor"',
    );
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
