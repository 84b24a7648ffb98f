import { Random } from '../../src/simulation/random.js';
import { SimProcess, Simulation } from '../../src/simulation/engine.js';
import { nameless } from '../../src/simulation/places.js';

describe('a simulation', () => {
  it('lets everything happen at its moment, and what is due at once in the order it was planned', async () => {
    const sim = new Simulation('a');
    const seen: string[] = [];

    await sim.run(async () => {
      sim.after(20, () => seen.push('third'));
      sim.after(10, () => seen.push('first'));
      sim.after(10, () => seen.push('second'));
      await sim.sleep(30);
    });

    expect(seen).toEqual(['first', 'second', 'third']);
    expect(sim.now - sim.begun).toBe(30);
  });

  it('stands still while real work goes on elsewhere', async () => {
    const sim = new Simulation('a');

    await sim.run(() => sim.outside(new Promise((resolve) => setTimeout(resolve, 5))));

    expect(sim.now).toBe(sim.begun);
  });

  it('ends with an error when nothing is left to happen', async () => {
    await expect(new Simulation('a').run(() => new Promise(() => undefined))).rejects.toThrow('nothing is left');
  });

  it('keeps what comes for a frozen process, and drops what comes for a dead one', async () => {
    const sim = new Simulation('a');
    const [frozen, dead] = [new SimProcess(sim, 'frozen'), new SimProcess(sim, 'dead')];
    const seen: string[] = [];

    await sim.run(async () => {
      frozen.freeze();
      dead.kill();
      for (const process of [frozen, dead]) process.enter(() => seen.push(process.name));
      await sim.sleep(10);
      expect(seen).toEqual([]);
      frozen.thaw();
      await sim.sleep(10);
    });

    expect(seen).toEqual(['frozen']);
  });

  it('has the same hash for the same lines at the same moments, and the same order for the same things done', async () => {
    const [one, same, later] = await Promise.all([1, 1, 2].map((at) => noted(at)));

    expect(one?.hash()).toBe(same?.hash());
    expect(later?.hash()).not.toBe(one?.hash());
    expect(later?.order()).toBe(one?.order());
  });
});

async function noted(at: number): Promise<Simulation> {
  const sim = new Simulation('a');
  sim.now += at;
  sim.trace('worker-1 entry openai.create');
  return sim;
}

it('draws the same numbers for the same seed, within their bounds', () => {
  const draw = (seed: string): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 100 }, () => random.between(3, 5));
  };

  expect(draw('a')).toEqual(draw('a'));
  expect(draw('b')).not.toEqual(draw('a'));
  expect(draw('a').every((number) => number >= 3 && number < 5)).toBe(true);
});

it('leaves ids out of what tells two schedules apart', () => {
  expect(nameless('DELETE /v1/projects/proj_8a1/service_accounts/svc_77')).toBe(
    'DELETE /*/projects/*/service_accounts/*',
  );
});
