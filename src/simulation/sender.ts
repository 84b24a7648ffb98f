import { asyncLocalStorage } from '@temporalio/activity';
import { owner } from './engine.js';

/** The credential that the code is at work for, as an activity or as a command; undefined for everybody else. */
export function workingFor(): string | undefined {
  const { workflowId } = asyncLocalStorage.getStore()?.info.workflowExecution ?? {};
  return workflowId?.split('/').at(-1) ?? owner.getStore()?.credential;
}
