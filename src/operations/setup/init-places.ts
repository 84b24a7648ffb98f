/** Where `keyturn init` puts things, relative to the configuration's folder. */
export const places = {
  keyRing: './keyturn.keyring.json',
  store: './keyturn.db',
  secrets: './keyturn.secrets',
  adminPassword: './keyturn.secrets/docs-admin',
  apiToken: './keyturn.secrets/viewer-token',
  /** An example: only the operator knows where it lies. */
  engineEnvironment: '/srv/docuelevate/.env',
} as const;
