import { posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { FaultKind, FaultPlan } from '../faults.js';
import type { LabRequest } from '../server.js';

/** `LOGIN /user`, or `READ`, `WRITE` or `RENAME` with the file's name. An HTTP status stands for SSH's own result. */
export interface SftpRequest extends LabRequest {
  /** The client's own software name. */
  readonly software: string;
}

/** A client's request. Both functions send an answer and return the HTTP status that stands for it. */
export interface Act {
  readonly apply: () => number;
  /** Refuses it as denied, or else with a failure that may pass. */
  readonly refuse: (denied: boolean) => number;
}

/** Performs a request, with a method and a path for records and faults. */
export type Perform = (method: string, path: string, act: Act) => void;

/** A client's connection. */
export interface Peer {
  /** The client's own software name. */
  readonly software: string;
  /** Cuts the connection. */
  readonly cut: () => void;
  /** Holds back all further data until the connection ends. */
  readonly mute: () => void;
}

export interface PerformerOptions {
  readonly peer: Peer;
  readonly requests: SftpRequest[];
  readonly faults: FaultPlan;
  readonly clock: Clock;
  readonly latencyMs: number;
}

/** Records one client's requests, and applies faults to them. */
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

/** Null when there is no answer. */
function play(fault: FaultKind | null, { apply, refuse }: Act, { cut, mute }: Peer): number | null {
  if (fault === 'hang') return null;
  if (typeof fault === 'object' && fault !== null && 'status' in fault)
    return refuse([401, 403].includes(fault.status));
  if (fault !== 'reset-before' && fault !== 'reset-after') return apply();
  mute();
  if (fault === 'reset-after') apply();
  cut();
  return null;
}
