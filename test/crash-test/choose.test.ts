import { type Boundary, casesOf } from '../../src/crash-test/cases.js';
import { choose } from '../../src/crash-test/choose.js';

const request = (method: string) => ({ method, origin: 'http://provider.test', path: '/keys' });
const boundary: Boundary = {
  ...{
    flow: 'planned',
    index: 0,
    occurrence: 0,
    activity: 'openai.create',
    phase: 'replace',
    title: 'Create',
    version: 2,
    outcome: null,
  },
  ...{ requests: [request('GET'), request('POST')], writes: ['intend', 'keep', 'record'], fences: 1 },
};
const ids = (faults: string) => casesOf('p', [boundary]).flatMap(({ id }) => (id.includes(`/${faults}`) ? [id] : []));

it('kills a worker before the call, after the change, before each write and before Temporal knows', () => {
  expect(ids('kill')).toEqual([
    'planned/00-openai.create/kill-entry',
    'planned/00-openai.create/kill-answer-change-0',
    'planned/00-openai.create/kill-write-0',
    'planned/00-openai.create/kill-write-1',
    'planned/00-openai.create/kill-write-2',
    'planned/00-openai.create/kill-end',
  ]);
});

it('lets nothing happen to requests where none is made', () => {
  const silent = { ...boundary, requests: [] };

  const faults = new Set(casesOf('p', [silent]).map(({ fault: { name } }) => name));

  expect(faults).not.toContain('hang');
  expect(faults).toContain('kill-entry');
});

it('samples by seed alone, and plays what is named first in full', () => {
  const all = [...casesOf('changed', [boundary]), ...casesOf('other', [boundary])];
  const pick = (seed: string) => choose(all, { seed, sample: 3, first: ['changed'] });

  expect(pick('a').map(({ id }) => id)).toEqual(pick('a').map(({ id }) => id));
  expect(pick('a').map(({ id }) => id)).not.toEqual(pick('b').map(({ id }) => id));
  expect(pick('a').filter(({ procedure }) => procedure === 'changed')).toHaveLength(all.length / 2);
  expect(pick('a').filter(({ procedure }) => procedure === 'other')).toHaveLength(3);
});

it('finds the cases of one fault, and one case by its id', () => {
  const all = casesOf('p', [boundary]);

  expect(choose(all, { fault: 'kill-write' })).toHaveLength(3);
  expect(choose(all, { only: ['00-openai.create/kill-end'] })).toHaveLength(1);
  expect(choose(all, { only: ['kill-end', 'kill-entry'] })).toHaveLength(2);
});

it('strikes a rotation that is taken back from there on: up to there it is like any other', () => {
  const replaced: Boundary = { ...boundary, flow: 'roll-back' };
  const discarded: Boundary = { ...replaced, index: 1, activity: 'openai.remove', phase: 'roll-back' };

  const places = casesOf('p', [boundary, replaced, discarded]).map(({ boundary: { flow, index } }) => [flow, index]);

  expect(new Set(places.map(String))).toEqual(new Set(['planned,0', 'roll-back,1']));
});

it('has no cases of a roll back where nothing was taken back', () => {
  const places = casesOf('p', [boundary, { ...boundary, flow: 'roll-back' }]).map(({ boundary: { flow } }) => flow);

  expect(new Set(places)).toEqual(new Set(['planned']));
});

it('takes a request for an app password for the change that it is', () => {
  const made = { ...request('GET'), path: '/ocs/v2.php/core/getapppassword' };

  const cases = casesOf('p', [{ ...boundary, requests: [made] }]).map(({ id }) => id);

  expect(cases).toContain('planned/00-openai.create/reset-after-change-0');
});

describe('Where the provider has one value at a time', () => {
  const act = (index: number, activity: string, phase: Boundary['phase']) => ({ ...boundary, index, activity, phase });
  const all = [
    act(0, 'docuelevate.processTestDocument', 'confirm'),
    act(1, 'p.replace', 'replace'),
    act(2, 'docuelevate.writeSettings', 'replace'),
    act(3, 'docuelevate.processTestDocument', 'verify'),
    act(4, 'p.accepts', 'verify'),
    act(5, 'versions.promote', 'promote'),
  ];
  const struckBy = (fault: string) => casesOf('p', all).filter((each) => each.fault.name === fault);

  it('excuses an engine that falls back on its environment from the write on, and no earlier', () => {
    const excused = struckBy('worker-on-environment').map(({ boundary: { index }, strands }) => [index, strands]);

    expect(excused).toEqual([
      [0, null],
      [1, null],
      [2, null],
      [3, 'until the next proof'],
      [4, 'for good'],
      [5, 'for good'],
    ]);
  });

  it('has no grace to fall back in, and no earlier value that could die', () => {
    expect([...struckBy('worker-on-environment-in-grace'), ...struckBy('old-dies')]).toEqual([]);
  });
});

it('samples the variants of a procedure together', () => {
  const all = ['p', 'p:one', 'p:two', 'q:one'].flatMap((procedure) => casesOf(procedure, [boundary]));

  const chosen = choose(all, { sample: 4, seed: 'today' });

  const of = (pool: string) => chosen.filter(({ procedure }) => procedure.startsWith(pool)).length;
  expect([of('p:'), of('p'), of('q:')]).toEqual([4, 8, 4]);
});
