import type { RequestsOf, RequestTemplate } from '../../src/domain/requests.js';
import { optional, repeated } from '../shared/endpoints.js';
import type { SftpActivities } from './activities.js';

const system = 'sftp';

/** Every request of this folder, by SFTP operation. Files are named by the last part of their path. */
export const endpoints = {
  login: { system, method: 'LOGIN', path: '/{username}' },
  read: { system, method: 'READ', path: '/{file}' },
  write: { system, method: 'WRITE', path: '/{file}' },
  rename: { system, method: 'RENAME', path: '/{file}' },
} as const satisfies Record<string, RequestTemplate>;

const { login, read, write, rename } = endpoints;

/** Read, replaced and read again. Another edit meanwhile causes another round. */
const edit = [login, read, optional(write), optional(read), optional(rename), optional(repeated(read))];

export const sftpRequests: RequestsOf<SftpActivities> = {
  generateKeyPair: [],
  authorizeKey: edit,
  disableKey: edit,
  enableKey: [...edit, optional(login)],
  removeKey: edit,
  removeKeys: edit,
  placeKeyFile: [],
  removeKeyFile: [],
  acceptsKey: [login],
  refusesKey: [repeated(login)],
  isOnlyKey: [login, read],
  identifyKey: [login, read],
  survey: [login, read, optional(repeated(login))],
  checkAccess: [login, optional(login), optional(read), optional(write)],
};
