import type { RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
import type { Recovery } from './recovery.js';

type Requests = readonly RequestTemplate[];

/** Requests of each verb, in order. `list` and after it: where the provider has a list. */
export interface IssuingRequests {
  readonly ask: Requests;
  /** The same question where a refusal is expected. Default: `ask`. */
  readonly askRefused?: Requests;
  readonly issue: Requests;
  readonly revoke: Requests;
  readonly check: Requests;
  readonly list?: Requests;
  readonly find?: Requests;
  readonly lastUse?: Requests;
}

/** Every request of each activity, in order. */
export function issuingRequests(verbs: IssuingRequests, recovers: Recovery) {
  const { ask, issue, revoke, list = [], lastUse = [] } = verbs;
  const maybe = (requests: Requests): Requests => requests.map(optional);
  const each = (requests: Requests): Requests => maybe(requests).map(repeated);
  const unused = recovers === 'absence' ? each(lastUse) : []; // an orphan without a name was never used
  const swept = list.length === 0 ? [] : [...maybe(list), ...unused, ...each(revoke), ...maybe(list)];
  return {
    create: [
      ...(recovers === 'absence' ? list : []),
      ...swept,
      ...issue,
      ...each(revoke),
      ...(list.length === 0 ? maybe(ask) : swept),
    ],
    remove: [...maybe(lastUse), ...maybe(revoke), ...swept],
    identify: verbs.find ?? [],
    sawUse: lastUse,
    isIdle: lastUse,
    accepts: ask.map(repeated),
    refuses: (verbs.askRefused ?? ask).map(repeated),
    survey: [...list, ...each(lastUse), ...each(ask)],
    deleteOrphan: [...list, ...maybe(revoke)],
    checkAccess: verbs.check,
  };
}
