import type { RequestTemplate } from '../../src/domain/requests.js';
import type { IssuingRequests } from '../kit/issuing-requests.js';
import { optional, repeated } from '../shared/endpoints.js';

const object = '/{bucket}/{object}';

/** Every request of this folder. IAM and STS take the action in the body; here `Action` stands for it. */
export const endpoints = {
  listKeys: action('iam', 'ListAccessKeys'),
  createKey: action('iam', 'CreateAccessKey'),
  updateKey: action('iam', 'UpdateAccessKey'),
  deleteKey: action('iam', 'DeleteAccessKey'),
  showLastUse: action('iam', 'GetAccessKeyLastUsed'),
  putPolicy: action('iam', 'PutUserPolicy'),
  showPolicy: action('iam', 'GetUserPolicy'),
  showUser: action('iam', 'GetUser'),
  simulate: action('iam', 'SimulatePrincipalPolicy'),
  identify: action('sts', 'GetCallerIdentity'),
  putObject: { system: 's3', method: 'PUT', path: object },
  getObject: { system: 's3', method: 'GET', path: object },
  deleteObject: { system: 's3', method: 'DELETE', path: object },
} as const satisfies Record<string, RequestTemplate>;

const { listKeys, showLastUse, deleteKey, updateKey, identify, putObject, getObject } = endpoints;

/** The answers of STS and S3, on up to three connections. */
const again = [optional(identify), optional(getObject)];
const ask = [identify, optional(getObject), ...again, ...again];

export const requests: IssuingRequests = {
  ask,
  askRefused: [...ask, ...again, ...again, ...again],
  list: [listKeys],
  find: [listKeys],
  lastUse: [showLastUse],
  issue: [endpoints.createKey],
  revoke: [deleteKey, optional(listKeys)],
  check: [identify, optional(listKeys), optional(endpoints.showUser), optional(endpoints.simulate)],
};

const swept = [optional(listKeys), optional(repeated(showLastUse)), optional(repeated(deleteKey)), optional(listKeys)];

/** Requests of the activities that only AWS has, and of those that do more than the kit's. */
export const ownRequests = {
  writesObject: [putObject, getObject, endpoints.deleteObject],
  deactivate: [optional(updateKey), optional(endpoints.putPolicy), optional(showLastUse), ...swept],
  activate: [updateKey, ...ask],
  remove: [
    ...[optional(showLastUse), optional(deleteKey), optional(listKeys), ...swept, optional(listKeys)],
    ...[optional(endpoints.showPolicy), optional(endpoints.putPolicy)],
  ],
};

function action<S extends string, A extends string>(system: S, name: A) {
  return { system, method: 'POST', path: `/?Action=${name}` } as const;
}
