import { type DocuElevateLab, startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { type OpenAiLab, startOpenAiLab } from '../../src/lab/openai/server.js';
import { describeRecording, leaveTally, readRecording } from '../support/recordings.js';
import { bothAnswers, createSender } from './docuelevate-replay.js';
import { replay } from './replay.js';

let openAi: OpenAiLab;
let lab: DocuElevateLab;

beforeEach(async () => {
  openAi = await startOpenAiLab();
  lab = await startDocuElevateLab({ openAiBaseUrl: openAi.baseUrl, openAiKey: openAi.createUserKey('engine').value });
});
afterEach(() => Promise.all([lab.stop(), openAi.stop()]));

describeRecording('the simulated DocuElevate', () => {
  it('answers as the real one on SQLite did', async () => {
    const file = 'docuelevate-0.188.6-sqlite.json';
    const sender = createSender(lab);

    const { differences, tally } = await replay(readRecording(file).exchanges, async (exchange, index) => {
      if (index >= 4) return { notPlayed: 'the simulation is not held against it yet' };
      return bothAnswers(exchange, await sender.send(exchange));
    });

    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
