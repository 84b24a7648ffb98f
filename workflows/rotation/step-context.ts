import { AsyncLocalStorage } from '@temporalio/workflow';
import type { StepContext } from '../../src/domain/step-context.js';

/** The step of the current asynchronous context, also while steps run in parallel. */
export const currentStep = new AsyncLocalStorage<StepContext>();
