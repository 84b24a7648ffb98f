import type { WorkflowHandle } from '@temporalio/client';
import { credentialSettings } from '../../activities/docuelevate/credential-settings.js';
import { rotationId } from '../../src/domain/temporal-names.js';
import type { RotationReport } from '../../src/domain/rotation.js';
import type { DocuElevateLab, DocuElevateLabOptions } from '../../src/lab/docuelevate/server.js';
import { type Conducted, conduct } from '../../src/operations/emergency/emergency.js';
import { hasten } from '../../src/operations/rotate/steer.js';
import { startRotation } from '../../src/operations/rotate/start-rotation.js';
import { inputOf } from '../../workers/compose.js';
import { progress } from '../../workflows/rotation/messages.js';
import { rowOf } from './rows.js';
import { decided } from '../support/decided.js';
import { configure, type TestRehearsal } from '../support/rehearsal.js';
import { until } from '../support/temporal.js';

/** How a value gets into DocuElevate: one of the guide's two methods. */
export interface Method {
  readonly title: string;
  /** Added to the entry of each credential. */
  readonly entry: object;
  /** What DocuElevate has to be started with for it. */
  readonly lab: Pick<DocuElevateLabOptions, 'deployed' | 'bootMs' | 'credentialChecks'>;
  /** A person restarts DocuElevate, and no command does. */
  readonly byPerson?: true;
  /** What DocuElevate's next task would use. */
  holds(docuelevate: DocuElevateLab, setting: string): string | null;
}

export const settingsApi: Method = {
  title: 'Method 1, the Settings API',
  ...{ entry: {}, lab: {} },
  holds: (docuelevate, setting) => docuelevate.workerHolds(setting),
};

/** A worker announces its check of the credentials as soon as it is up. */
export const environmentFile: Method = {
  title: 'Method 2, the environment file and a restart',
  ...{ entry: { via: 'environment' }, lab: { deployed: true, bootMs: 200, credentialChecks: true } },
  holds: (docuelevate, setting) => (docuelevate.setting(setting) === null ? null : docuelevate.workerHolds(setting)),
};

/** A credential in the lab, with the truth about its values. */
export interface Place {
  readonly rehearsal: TestRehearsal;
  /** Its name in the configuration. */
  readonly credential: string;
  /** Every value that is let in now, as its issuer says. */
  readonly working: () => Promise<readonly string[]>;
  /** The value that DocuElevate has. */
  readonly holds: () => string | null;
  /** Before anything else happens to it. */
  readonly prepare?: () => void;
  /**
   * Something goes wrong with the new value: it stops working for a while beside the old one, or, where one value works at a time,
   * the next rotation fails while it can be taken back. Returns what ends this.
   */
  readonly trouble: () => Promise<() => void>;
}

const never = new AbortController().signal;
const longGraceMs = 40 * 60_000; // it is ended by command

/** Begins a rotation. */
export async function rotate({ credential, rehearsal }: Place, graceMs = 0): Promise<WorkflowHandle> {
  configure(rehearsal.session, credential, { graceMs, giveUpAfterMs: 0 });
  const input = inputOf(credential, { actor: 'test', trigger: 'manual', reason: 'the guide' });
  return (await startRotation(rehearsal.session, rehearsal.client, input)).handle;
}

/** Rotates a credential, rolls a rotation of it back, and revokes it in an emergency. */
export function walk(settings: readonly string[], place: () => Place): void {
  const { section, by } = rowOf(settings);
  const ended = by.probe === null ? 'attested' : 'refused';

  async function waitsFor(handle: WorkflowHandle, what: 'grace' | 'operator'): Promise<void> {
    await until(async () => {
      const { waiting, outcome } = (await handle.query(progress)) ?? {};
      expect(outcome).toBeNull();
      return waiting?.for === what && waiting.task === undefined;
    });
  }

  /** The new value fails in its grace, and a person decides to go back. Returns what worked meanwhile. */
  async function goBack(): Promise<readonly string[]> {
    const { credential, rehearsal, trouble, working } = place();
    const handle = await rotate(place(), longGraceMs);
    await waitsFor(handle, 'grace');
    const seen = await working();
    const mend = await trouble();
    await hasten(rehearsal.session, handle, { credential, actor: 'test', byMs: null });
    await waitsFor(handle, 'operator');
    mend();
    await decided(rehearsal.session.store, handle, { actor: 'test', decision: 'roll-back', reason: 'the guide' });
    return seen;
  }

  const reportOf = async (): Promise<RotationReport> => {
    const { credential, rehearsal } = place();
    const id = rotationId(rehearsal.session.store.installation, credential);
    return rehearsal.client.workflow.getHandle(id).result() as Promise<RotationReport>;
  };

  describe(`${section}: ${settings.join(' and ')}`, () => {
    beforeAll(() => place().prepare?.());

    it('rotates, and both ends are shown', async () => {
      const { holds, working } = place();
      const old = holds();

      await rotate(place());

      const report = await reportOf();
      expect(report).toMatchObject({ outcome: 'retired', oldCredential: ended, orphans: [] });
      expect(await working()).not.toContain(old);
      expect(await working()).toContain(holds());
      await expectShown(place(), settings, report.version);
    }, 30_000);

    it('rolls back to the old value, and ends the new one', async () => {
      const { holds, working, trouble } = place();
      const [old, before] = [holds(), await working()];
      let seen = before;

      if (by.overlap === 'single') {
        const mend = await trouble();
        await rotate(place());
        await reportOf();
        mend();
      } else seen = await goBack();

      const { outcome, orphans } = await reportOf();
      expect(outcome).toBe('rolled-back');
      // DocuElevate keeps a document that it could not hand on, and tries it again.
      expect(orphans.filter((orphan) => !orphan.startsWith('test document '))).toEqual([]);
      expect(holds()).toBe(old);
      expect(await working()).toContain(old);
      expect((await working()).filter((value) => seen.includes(value) && !before.includes(value))).toEqual([]);
      if (by.overlap === 'single') expect(await working()).toEqual(before);
    }, 30_000);

    it('is revoked in an emergency, and a new value is in force', async () => {
      const { holds, working } = place();
      const leaked = await working();
      const inForce = await currentOf(place());

      const { how, state } = await emergencyOf(place());

      expect({ how, outcome: state.outcome }).toEqual({ how: 'ended', outcome: 'replaced' });
      expect(state.versions.every(({ end }) => end === 'revoked')).toBe(true);
      const refused = by.probe === null ? 'attested' : 'proved';
      expect(state.versions).toContainEqual(expect.objectContaining({ number: inForce, refused }));
      expect(state.containedAfterMs).not.toBeNull();
      expect((await working()).filter((value) => leaked.includes(value))).toEqual([]);
      expect(await working()).toContain(holds());
    }, 30_000);
  });
}

async function currentOf({ credential, rehearsal }: Place): Promise<number | undefined> {
  return (await rehearsal.session.store.versions(credential)).find(({ state }) => state === 'current')?.number;
}

/** Each setting was seen in use in its own way: by a document, by DocuElevate's own test, or by a person. */
export async function expectShown(
  { credential, rehearsal }: Pick<Place, 'credential' | 'rehearsal'>,
  settings: readonly string[],
  number: number,
): Promise<void> {
  const evidence = await rehearsal.session.store.evidence({ credential, number });
  const proved = (kind: string) => evidence.some((each) => each.kind === kind && each.outcome === 'proved');
  for (const setting of settings) {
    const { proof, unseen } = credentialSettings[setting] ?? {};
    if (unseen === undefined) expect(proved(proof?.step === undefined ? 'connection' : 'document')).toBe(true);
    else
      expect(evidence).toContainEqual(
        expect.objectContaining({ kind: 'document', detail: `lab said of ${setting}: it works` }),
      );
  }
}

/** Asks for an emergency as the command does, and returns how it ended. */
export async function emergencyOf({ credential, rehearsal }: Place): Promise<Conducted> {
  const { session, client } = rehearsal;
  const asked = await session.store.ask({ credential, actor: 'test', reason: 'it leaked', versions: null });
  for (;;) {
    const conducted = await conduct({ session, client, onChange: () => undefined, signal: never }, asked);
    if (conducted.how === 'waiting') continue; // somebody does the task
    await client.workflow.getHandle(rotationId(session.store.installation, credential)).result(); // the store knows of the end a moment earlier
    return conducted;
  }
}
