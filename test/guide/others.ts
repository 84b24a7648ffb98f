import { waysOf } from '../../activities/by-hand/guide.js';
import type { SimulatedPeer } from '../../src/lab/docuelevate/peers.js';
import { scenes } from '../activities/docuelevate/scenes.js';
import { others } from './credentials.js';
import { among, type Site } from './site.js';

/** What DocuElevate signs in to with any of these settings. Nobody asks there with a probe. */
async function siteOf(settings: readonly string[]): Promise<Site> {
  const environment: Record<string, string> = {};
  const peers: Record<string, SimulatedPeer> = {};
  const live = new Set<string>();
  const doors: (() => void)[] = [];
  for (const setting of settings) {
    const scene = await scenes[setting]?.();
    Object.assign(environment, scene?.options.environment);
    for (const [address, given] of Object.entries(scene?.options.peers ?? {})) {
      const { accepts } = given as SimulatedPeer;
      const peer = (peers[address] ??= given as SimulatedPeer); // one mail server behind several settings
      const part = Object.keys(accepts).find((each) => accepts[each] === scene?.right);
      if (part !== undefined) doors.push(() => void (peer.accepts[part] = [...live]));
    }
  }
  const { set, end, ...values } = among(live);
  const open = (): void => doors.forEach((door) => door());
  open();
  return {
    ...{ ...values, options: { environment, peers }, provider: { name: 'The vendor' } },
    set(value) {
      if (waysOf(settings[0] ?? '').overlap === 'single') live.clear();
      set(value);
      open();
    },
    end(value) {
      end(value);
      open();
    },
  };
}

export async function startOthers(): Promise<Record<keyof typeof others, Site>> {
  const sites = Object.entries(others).map(async ([name, settings]) => [name, await siteOf(settings)] as const);
  return Object.fromEntries(await Promise.all(sites)) as Record<keyof typeof others, Site>;
}
