import { asyncLocalStorage } from '@temporalio/activity';
import { owner } from './engine.js';

/** The credential that the running activity or command is about; undefined for all other code. */
export function workingFor(): string | undefined {
  const { workflowId } = asyncLocalStorage.getStore()?.info.workflowExecution ?? {};
  return workflowId?.split('/').at(-1) ?? owner.getStore()?.credential;
}
