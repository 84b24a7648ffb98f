import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../src/domain/user-error.js';
import { findTemporalBinary, type TemporalBinary } from '../../src/temporal/binary.js';

const made: string[] = [];

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-temporal-'));
  made.push(directory);
  return directory;
}

export function removeTemporaryDirectories(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** Writes an executable shell script and returns its path. */
export function script(path: string, ...lines: string[]): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

/** A stand-in for the Temporal server that knows its version and nothing else. */
export function fakeTemporal(path: string, version = '1.31.2'): string {
  return script(path, `echo "temporal version ${version}"`);
}

/** The Temporal server of this machine; on a machine that never had one this downloads or builds it. */
export function realTemporal(): Promise<TemporalBinary> {
  return findTemporalBinary({ report: () => undefined });
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  withinMs = 15_000,
): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await condition()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
}

/** The UserError that an attempt fails with. */
export async function refusal(attempt: Promise<unknown>): Promise<UserError> {
  const err: unknown = await attempt.catch((reason: unknown) => reason);
  if (err instanceof UserError) return err;
  throw new Error('expected a UserError');
}

/** Whether a process exists and is not merely unburied. */
export function isAlive(pid: number): boolean {
  return !['', 'Z'].includes(processField(pid, 'stat').charAt(0));
}

export function parentOf(pid: number): number {
  return Number(processField(pid, 'ppid'));
}

function processField(pid: number, field: string): string {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
