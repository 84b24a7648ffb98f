import { proxyActivities } from '@temporalio/workflow';

const { nothing } = proxyActivities<{ nothing(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** What Temporal itself costs: as many steps as a rotation has, and nothing in them. */
export async function bare(activities: number): Promise<void> {
  for (let count = 0; count < activities; count++) await nothing();
}
