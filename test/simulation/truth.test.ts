import type { Simulation } from '../../src/simulation/engine.js';
import { Truth } from '../../src/simulation/truth.js';
import type { Fixture } from '../../src/crash-test/fixture.js';
import type { Issued } from '../../src/lab/issued.js';

let issued: Issued[];
let truth: Truth;

const living = (value: string): Issued => ({ value, label: null, alive: true, foreign: false });

beforeEach(() => {
  issued = [living('old'), { ...living('somebody else'), foreign: true }];
  const scenario = { engineHolds: () => 'old', working: () => ['old'] };
  truth = new Truth({ now: 0 } as Simulation, { issued: () => issued, scenario } as unknown as Fixture);
});

describe('what emergencies are to end', () => {
  it('is what works when one is declared, and what comes to life until it arrives', () => {
    const condemned = truth.condemn();
    issued.push(living('new'));
    truth.condemn(condemned);

    expect([...truth.condemned]).toEqual(['old', 'new']);
  });

  it('leaves out what an emergency was meant for that reached nobody, and nothing of another one', () => {
    truth.condemn();
    issued.push(living('replacement'));
    const inVain = truth.condemn();

    truth.pardon(inVain);

    expect([...truth.condemned]).toEqual(['old']);
  });
});
