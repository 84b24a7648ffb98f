import { z } from 'zod';
import { type ProcedureDescriptor, recommendationText } from '../domain/procedure.js';
import { DurationText, FilePath, HttpUrl, Name } from '../fields/fields.js';
import { didYouMean } from './nearest.js';
import { Notifications } from './notifications.js';
import { recreation, whyKeepsEnvironment } from '../../activities/deployment/command.js';
import { DocumentEngine } from '../../activities/document-engine/account.js';
import { FedSettings } from '../../activities/by-hand/section.js';
import { Target } from '../../activities/delivery/target.js';
import { providerOf } from '../../activities/providers.js';
import { Schedule } from './schedule.js';
import { Tasks } from './tasks.js';
import { Verification } from './verification.js';
import { FromEnv, FromFile, SecretRef } from '../fields/secret-ref.js';

const Store = z
  .string()
  .meta({ pattern: '^sqlite:(?!//).+', examples: ['sqlite:./keyturn.db'] })
  .describe('Where versions, sealed values and the ledger are kept: sqlite:<path>.')
  .transform((text, context) => {
    const [, file] = /^sqlite:(?!\/\/)(.+)$/.exec(text) ?? [];
    if (file !== undefined) return { file };
    context.addIssue(
      /^postgres(ql)?:/.test(text)
        ? 'this version supports only SQLite; write sqlite:./keyturn.db'
        : 'write sqlite: and a path, for example sqlite:./keyturn.db',
    );
    return z.NEVER;
  });

const KeyRing = z
  .union([FromFile, FromEnv], {
    error: 'write where the key ring is kept, as { file: path } or { env: NAME }; the keys are never in this file',
  })
  .describe('The keys that seal the stored values. Without them no value in the store can be read: back them up.');

const Restart = z
  .array(z.string().min(1))
  .min(1)
  .superRefine((command, context) => {
    const why = whyKeepsEnvironment(command);
    if (why !== null) context.addIssue(why);
  })
  .describe(
    `The command that recreates DocuElevate's processes, as a list of program and arguments: [${recreation.join(', ')}]. Runs without a shell, in the folder of envFile.`,
  );

const DocuElevate = z
  .strictObject({
    kind: z.literal('docuelevate'),
    url: HttpUrl.describe('Address of the web application, as a browser uses it.'),
    admin: z
      .strictObject({
        username: z.string().min(1).describe('An administrator, preferably an account for Keyturn alone.'),
        password: SecretRef.describe("The administrator's password."),
      })
      .describe('How Keyturn signs in to change settings.'),
    deployment: z
      .strictObject({
        envFile: FilePath.optional().describe(
          "DocuElevate's environment file beside its compose file, as it lies on this machine. Only the variables of rotated settings are changed.",
        ),
        restart: Restart.optional(),
      })
      .optional()
      .describe(
        'How DocuElevate is run, for settings that only a restart brings into use. Where `restart` is left out, a person restarts it.',
      ),
    keptDocument: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Number of a test document that stays in DocuElevate. Each verification has it uploaded again, where the destination overwrites (S3, WebDAV, FTP). keyturn verify <credential> --document --keep creates one.',
      ),
    testMailTo: z
      .email()
      .optional()
      .describe(
        "An address that is Keyturn's alone. The proof of email_password mails a link there, to a local user keyturn-test-mails that Keyturn makes in DocuElevate.",
      ),
  })
  .describe('A DocuElevate instance.');

const Limit = z.int().min(1, { error: 'a limit must be at least 1' }).default(2); // an engine processes one test document at a time, behind real ones

/** Reports an error about the kind at the kind itself. */
const Engine = z.discriminatedUnion('kind', [DocuElevate, DocumentEngine], {
  error: ({ code, input }) => {
    if (code !== 'invalid_union') return undefined;
    const isThere = typeof input === 'object' && input !== null && 'kind' in input;
    return isThere ? 'must be docuelevate or document-engine' : 'is missing';
  },
});

const Limits = z
  .strictObject({
    perProvider: Limit.describe('Rotations in progress at one kind of provider.'),
    perEngine: Limit.describe('Rotations in progress at one engine.'),
  })
  .describe(
    'How many rotations may be in progress at a time before a scheduled one waits. A rotation counts until its grace begins. Manual rotations and emergencies count, but do not wait.',
  );

/** Fields of every credential. */
const common = {
  engine: z.string().min(1).describe('The engine that uses the credential: a name under `engines`.'),
  via: z
    .enum(['settings', 'environment'])
    .default('settings')
    .describe(
      "How DocuElevate gets a new value. settings: its settings API, the guide's Method 1. environment: its environment file and a restart, the guide's Method 2, as the engine's deployment says.",
    ),
  deliver: z
    .array(Target)
    .min(1)
    .optional()
    .describe('Where a new value goes besides the engine, for instance to the application that uses it.'),
  owner: z.string().min(1).optional().describe('Who is responsible for it, for instance a mail address.'),
  schedule: Schedule.optional().describe('When it is rotated automatically.'),
  grace: DurationText.prefault('24 hours').describe(
    'Wait between the proof of the new value and the end of the old one.',
  ),
  pause: DurationText.optional().describe(
    'How long a disabled old value is kept before it is deleted; left out, as long as the guide says. Only for procedures whose guide section has this wait.',
  ),
  unseenUse: z
    .enum(['ask', 'retire'])
    .default('ask')
    .describe(
      'Where it cannot be seen that the engine uses the new value: ask a person before the old one is retired, or retire it.',
    ),
  giveUpAfter: DurationText.prefault('1 hour').describe(
    'How long a failing step is retried before a rotation that can still roll back does so by itself.',
  ),
};

function credentialSchema(procedure: ProcedureDescriptor) {
  return z
    .strictObject({
      procedure: z.literal(procedure.id),
      provider: providerOf(procedure.provider).section.describe('The account at the provider that issues it.'),
      ...common,
      ...(procedure.anySetting ? { settings: FedSettings, tasks: Tasks.prefault({}) } : {}),
    })
    .describe(`${procedure.section}: ${howOften(procedure)} unless the schedule says otherwise.`);
}

function howOften(procedure: ProcedureDescriptor): string {
  return procedure.anySetting ? 'as often as the guide says of its settings,' : recommendationText(procedure);
}

/** Schema for a credential of an unknown procedure, to find its other mistakes. */
export function credentialOfUnknownProcedure(catalog: readonly ProcedureDescriptor[]): z.ZodType {
  const ids = catalog.map(({ id }) => id);
  const procedure = z.enum(ids, {
    error: ({ input }) =>
      typeof input === 'string' ? `there is no procedure "${input}"${didYouMean(input, ids)}` : undefined,
  });
  const others = { settings: z.unknown().optional(), tasks: z.unknown().optional() };
  return z.strictObject({ procedure, provider: z.unknown(), ...common, ...others });
}

/** The schema of the whole file. Each procedure of the catalog defines the `provider` section it needs. */
export function configSchema(catalog: readonly ProcedureDescriptor[]) {
  const [first, ...others] = catalog.map(credentialSchema);
  if (!first) throw new Error('the catalog has no procedure');
  return z.strictObject({
    store: Store,
    keyRing: KeyRing.prefault({ file: './keyturn.keyring.json' }),
    data: FilePath.default('./.keyturn').describe('Folder of the embedded Temporal server.'),
    insecure: z
      .boolean()
      .default(false)
      .describe(
        'Allows secrets to be sent to other machines over http://, where anybody on the network path can read them.',
      ),
    engines: z.record(Name, Engine).describe('The document systems that use the credentials, by a name you choose.'),
    credentials: z
      .record(Name, z.discriminatedUnion('procedure', [first, ...others]))
      .describe('What is rotated, by a name you choose.'),
    limits: Limits.prefault({}),
    verification: Verification.prefault({}),
    notifications: Notifications.optional(),
  });
}

/** The configuration in use: complete, with absolute paths, and `store` as the file of the database. Secrets are still references. */
export type Config = z.infer<ReturnType<typeof configSchema>>;
export type Engine = Config['engines'][string];
export type Credential = Config['credentials'][string];
