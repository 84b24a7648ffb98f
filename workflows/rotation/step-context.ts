import { AsyncLocalStorage } from '@temporalio/workflow';
import type { StepContext } from '../../src/domain/step-context.js';

/** Keeps the contexts of steps that run in parallel apart. */
export const currentStep = new AsyncLocalStorage<StepContext>();
