import { posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { FaultKind, FaultPlan } from '../faults.js';
import type { LabRequest } from '../server.js';

/** `LOGIN /user`, or `READ`, `WRITE`, `RENAME` and the file's name. A status stands for what SSH has instead. */
export interface SftpRequest extends LabRequest {
  /** What the client calls itself. */
  readonly software: string;
}

/** Something that a client asks for: either is answered, and returns the status that stands for the answer. */
export interface Act {
  readonly work: () => number;
  /** `denied`, or failed in a way that may pass. */
  readonly refuse: (denied: boolean) => number;
}

/** What is done, on what: remembered, and what faults are aimed at. */
export type Perform = (method: string, path: string, act: Act) => void;

/** A client's connection. */
export interface Peer {
  /** What the client calls itself. */
  readonly software: string;
  /** Ends the connection without a word. */
  readonly cut: () => void;
  /** What is said from now on does not leave before the connection ends. */
  readonly mute: () => void;
}

export interface PerformerOptions {
  readonly peer: Peer;
  readonly requests: SftpRequest[];
  readonly faults: FaultPlan;
  readonly clock: Clock;
  readonly latencyMs: number;
}

/** Remembers what one client does, and lets faults happen to it. */
export function createPerformer({ requests, faults, ...options }: PerformerOptions): Perform {
  const { peer, clock, latencyMs } = options;
  return (method, path, act) => {
    const name = `/${posix.basename(path)}`;
    const entry: SftpRequest & { status?: number } = {
      method,
      path: name,
      query: '',
      at: clock(),
      software: peer.software,
    };
    requests.push(entry);
    const fault = faults.take(method, name);
    const answer = (): void => {
      const status = play(fault, act, peer);
      if (status !== null) entry.status = status;
    };
    const waitMs = latencyMs + (typeof fault === 'object' && fault !== null && 'slowMs' in fault ? fault.slowMs : 0);
    if (waitMs > 0) void delay(waitMs).then(answer);
    else answer();
  };
}

/** Null when nothing is answered. */
function play(fault: FaultKind | null, { work, refuse }: Act, { cut, mute }: Peer): number | null {
  if (fault === 'hang') return null;
  if (typeof fault === 'object' && fault !== null && 'status' in fault)
    return refuse([401, 403].includes(fault.status));
  if (fault !== 'reset-before' && fault !== 'reset-after') return work();
  mute();
  if (fault === 'reset-after') work();
  cut();
  return null;
}
