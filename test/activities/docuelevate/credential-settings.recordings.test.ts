import { type CredentialSetting, credentialSettings } from '../../../activities/docuelevate/credential-settings.js';
import { describeRecording, readRecordingFile } from '../../support/recordings.js';

interface Row {
  readonly key: string;
  /** In the recorder's words, like those of `provedBy`. */
  readonly takesEffect: string;
  readonly provedBy: { readonly step: string | null; readonly testEndpoint: string | null };
  readonly partners?: readonly string[];
}

const file = 'docuelevate-0.188.6-settings.json';
const rows = (): readonly Row[] => readRecordingFile<{ settings: Row[] }>(file).settings;
const ofKind = (kind: CredentialSetting['kind']): string[] =>
  Object.entries(credentialSettings).flatMap(([key, setting]) => (setting.kind === kind ? [key] : []));
const where = (holds: (row: Row) => boolean): string[] => rows().flatMap((row) => (holds(row) ? [row.key] : []));

/** The name that the words begin with; null where they name none. */
const stepIn = ({ provedBy: { step } }: Row): string | null => /^[a-z]+(?:_[a-z0-9]+)+/.exec(step ?? '')?.[0] ?? null;

describeRecording('every credential setting of the real DocuElevate', () => {
  it('has an entry, in the order of its list', () => {
    expect(Object.keys(credentialSettings)).toEqual(rows().map(({ key }) => key));
  });

  it('is not rotated where nothing reads it', () => {
    expect(ofKind('unread')).toEqual(where(({ takesEffect }) => takesEffect.startsWith('never')));
  });

  it('is changed in the environment where a write by the API changes nothing', () => {
    expect(ofKind('environment')).toEqual(
      where(({ takesEffect }) => takesEffect.includes('the database row is never used')),
    );
  });

  it('needs a restart in truth, whatever the API says', () => {
    const restarts = Object.entries(credentialSettings).flatMap(([key, { restart }]) => (restart ? [key] : []));
    expect(restarts).toEqual(where(({ takesEffect }) => /^(?:restart|environment only)/.test(takesEffect)));
  });

  it('is proved by the step that was seen to use it', () => {
    const steps = Object.entries(credentialSettings).map(([key, { proof }]) => [key, proof?.step ?? null]);
    expect(Object.fromEntries(steps)).toEqual(Object.fromEntries(rows().map((row) => [row.key, stepIn(row)])));
  });

  it('is tried by the endpoint that was seen to try it, and by none where none was', () => {
    for (const { key, provedBy } of rows()) {
      const [method, path] = credentialSettings[key]?.proof?.test?.split(' ') ?? [];
      const words = provedBy.testEndpoint ?? '';
      const tried = /^(?:GET|POST) /.test(words);
      expect({ key, tried: method !== undefined }).toEqual({ key, tried });
      expect(words).toContain(method ?? '');
      expect(words).toContain(path ?? '');
    }
  });

  it('signs in to the account that its partners name', () => {
    for (const [key, { login }] of Object.entries(credentialSettings)) {
      const partners = rows().find((row) => row.key === key)?.partners ?? [];
      if (login) expect(partners).toEqual(expect.arrayContaining([login.host, login.username]));
    }
  });

  it('has an account where it is a password of a server', () => {
    const passwords = where(
      ({ key, partners = [] }) => /_password$/.test(key) && partners.some((each) => /_(host|url)$/.test(each)),
    );
    const known = Object.entries(credentialSettings).flatMap(([key, { login }]) => (login ? [key] : []));
    expect(known).toEqual(passwords);
  });

  it('changes together with what it is a part of', () => {
    for (const key of ofKind('part')) {
      const setting = credentialSettings[key];
      const of = setting?.kind === 'part' ? setting.of : '';
      const partners = (name: string): readonly string[] => rows().find((row) => row.key === name)?.partners ?? [];
      expect(credentialSettings[of]?.kind).not.toBe('part');
      expect(partners(key).includes(of) || partners(of).includes(key)).toBe(true);
    }
  });
});
