import { fits } from '../docuelevate/receipts.js';

/** Whether a shown value may be `value`. Of an address with a login the engine hides only the password. */
export function shows(shownValue: string | null, value: string): boolean {
  return fits(shownValue, value) || shownValue === value.replace(/:[^:@/]+@/, ':********@');
}
