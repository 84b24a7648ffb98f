import { optional, pathOf, repeated } from '../../../activities/shared/endpoints.js';
import { linesOf, patternOf } from '../../contracts/requests.js';

const get = { system: 'any', method: 'GET', path: '/things/{thing}/parts/{part}' } as const;
const drop = { system: 'any', method: 'DELETE', path: '/things/{thing}' } as const;

it('fills every placeholder of a path, and lets no value leave its segment', () => {
  expect(pathOf(get, { thing: 'a/../b?c=d', part: 7 })).toBe('/things/a%2F..%2Fb%3Fc%3Dd/parts/7');
});

it('tells requests that were declared from others', () => {
  const declared = patternOf([optional(drop), repeated(get)], '/v1');
  const [part, thing] = [
    { method: 'GET', path: '/v1/things/1/parts/2' },
    { method: 'DELETE', path: '/v1/things/1' },
  ];

  for (const sent of [[part], [part, part], [thing, part]]) expect(linesOf(sent)).toMatch(declared);
  for (const sent of [[], [thing], [part, thing], [thing, thing, part], [{ ...part, path: '/v1/things/1/2/parts/2' }]])
    expect(linesOf(sent)).not.toMatch(declared);
});
