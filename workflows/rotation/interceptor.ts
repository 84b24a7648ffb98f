import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { stepHeader } from '../../src/domain/step-context.js';
import { currentStep } from './step-context.js';

/** Puts the step of an activity into its header. Part of the bundle (workers/build-bundle.ts). */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity(input, next) {
        const step = defaultPayloadConverter.toPayload(currentStep.getStore() ?? null);
        return next({ ...input, headers: { ...input.headers, [stepHeader]: step } });
      },
    },
  ],
});
