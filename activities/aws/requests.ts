import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
import type { AwsActivities } from './activities.js';

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

/** Shows that the orphans of earlier attempts were never used, and deletes them. */
const sweep = [optional(repeated(showLastUse)), optional(repeated(deleteKey))];
const lost = [optional(listKeys), ...sweep, optional(listKeys)];

/** The answers of STS and S3, on up to three connections. */
const again = [optional(identify), optional(getObject)];
const ask = [identify, optional(getObject), ...again, ...again];

export const awsRequests: RequestsOf<AwsActivities> = {
  createKey: [listKeys, ...sweep, optional(listKeys), endpoints.createKey, ...lost],
  acceptsKey: ask,
  writesObject: [putObject, getObject, endpoints.deleteObject],
  sawUse: [showLastUse],
  isIdle: [showLastUse],
  refusesKey: [...ask, ...again, ...again, ...again],
  deactivateKey: [optional(updateKey), optional(endpoints.putPolicy), optional(showLastUse), ...lost],
  activateKey: [updateKey, ...ask],
  deleteKey: [
    ...lost,
    optional(deleteKey),
    optional(listKeys),
    optional(endpoints.showPolicy),
    optional(endpoints.putPolicy),
  ],
  identifyKey: [listKeys],
  survey: [listKeys, optional(repeated(showLastUse)), optional(repeated(identify)), optional(repeated(getObject))],
  checkAccess: [identify, optional(listKeys), optional(endpoints.showUser), optional(endpoints.simulate)],
};

function action<S extends string, A extends string>(system: S, name: A) {
  return { system, method: 'POST', path: `/?Action=${name}` } as const;
}
