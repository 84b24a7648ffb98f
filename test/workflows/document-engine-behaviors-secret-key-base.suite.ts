import { startDocumentEngineSecretKeyBase as start } from '../../src/lab/scenarios/document-engine-secret-key-base.js';
import { describeBehaviors } from './document-engine-behaviors.js';

describeBehaviors({ type: 'secret_key_base', start, oldCredential: 'not-observable' });
