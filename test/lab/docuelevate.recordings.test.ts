import type { Database } from '../../src/lab/docuelevate/database.js';
import { startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { startOpenAiLab } from '../../src/lab/openai/server.js';
import { describeRecording, type Exchange, leaveTally, readRecording } from '../support/recordings.js';
import { bothAnswers, createPace, createSender } from './docuelevate-replay.js';
import { visit } from './docuelevate-visitor.js';
import { replay, type Replayed } from './replay.js';

/** The lines that were there when a document was deleted in the middle, as they were seen afterwards. */
function linesBefore(exchanges: readonly Exchange[], { name }: Exchange): unknown {
  if (name !== 'delete while it is processed') return null;
  return exchanges.find((later) => later.name === 'its task log 8 seconds later')?.json;
}

async function whole(database: Database): Promise<Replayed> {
  const { exchanges } = readRecording(`docuelevate-0.188.6-${database}.json`);
  const pace = createPace(exchanges);
  const openAi = await startOpenAiLab();
  const openAiKey = openAi.createUserKey('engine').value;
  const lab = await startDocuElevateLab({ ...pace, database, openAiBaseUrl: openAi.baseUrl, openAiKey });
  lab.setEnvironment('azure_endpoint', 'https://azure.example');
  lab.restartApi();
  await visit(lab).login(); // somebody had signed in before the recording began
  const sender = createSender(lab, exchanges);
  try {
    return await replay(exchanges, async (exchange, index) => {
      await pace.upTo(linesBefore(exchanges, exchange) ?? exchange.json);
      return bothAnswers(exchange, await sender.send(exchange, index), `${database} ${index}`);
    });
  } finally {
    await Promise.all([lab.stop(), openAi.stop()]);
  }
}

describeRecording('the simulated DocuElevate', () => {
  it.each(['sqlite', 'postgresql'] as const)('answers as the real one with %s did', async (database) => {
    const { differences, tally } = await whole(database);

    leaveTally(`docuelevate-0.188.6-${database}.json`, tally);
    expect(differences).toEqual([]);
  });
});
