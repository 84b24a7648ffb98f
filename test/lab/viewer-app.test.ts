import { startDocumentEngineJwt } from '../../src/lab/scenarios/document-engine-jwt.js';
import { type DocumentEngineLab, newKeyPair } from '../../src/lab/document-engine/server.js';

it('goes on with a token for its lifetime, and with another one after it was refused', async () => {
  const scenario = await startDocumentEngineJwt({ lifetime: '1 minute' });
  const engine = scenario.systems['document-engine'] as DocumentEngineLab;
  try {
    expect(await scenario.consume()).toBe(true);
    const { publicKey, privateKey } = newKeyPair('ES256');
    engine.rotateByHand('jwt', publicKey);
    engine.remove('jwt', engine.environment.jwt);
    scenario.edit(privateKey);

    expect(await scenario.consume()).toBe(false); // it still holds a token of the key that is gone
    expect(await scenario.consume()).toBe(true);
  } finally {
    await scenario.stop();
  }
});
