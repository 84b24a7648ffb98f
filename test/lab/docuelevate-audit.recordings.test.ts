import { FormData } from 'undici';
import { startDocuElevateLab } from '../../src/lab/docuelevate/server.js';
import { describeRecording, leaveTally, readRecording } from '../support/recordings.js';
import { bothAnswers } from './docuelevate-replay.js';
import { idle, visit } from './docuelevate-visitor.js';
import { replay } from './replay.js';

const file = 'docuelevate-0.188.6-audit.json';

/** Entries that ask for what the simulation has, of one user as of several. */
const played = [4, 6, 7, 23, 39, 44, 46, 53, 54];

describeRecording('the simulated DocuElevate, of what an audit asks,', () => {
  it('answers as the real one did', async () => {
    const lab = await startDocuElevateLab({});
    const admin = visit(lab);
    await admin.login();
    const form = new FormData();
    form.append('file', new Blob(['(A letter) Tj'], { type: 'application/pdf' }), 'letter.pdf');
    await admin.send('POST', '/api/ui-upload', { body: form });
    await idle(lab);

    const mia = visit(lab); // nobody yet, and so no administrator
    await mia.get('/login');

    const { differences, tally } = await replay(readRecording(file).exchanges, async (exchange, index) => {
      if (!played.includes(index))
        return { notPlayed: 'the simulated one has one user, and no integrations or webhooks' };
      const { method = '', path = '', auth } = exchange.request ?? {};
      const by = auth === 'mia' && index === 23 ? mia : admin;
      return bothAnswers(exchange, await by.send(method, path.replace('/files/41/', '/files/1/')));
    });

    await lab.stop();
    leaveTally(file, tally);
    expect(differences).toEqual([]);
  });
});
