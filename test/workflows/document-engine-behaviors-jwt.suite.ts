import { startDocumentEngineJwt as start } from '../../src/lab/scenarios/document-engine-jwt.js';
import { describeBehaviors } from './document-engine-behaviors.js';

describeBehaviors({ type: 'jwt', start, oldCredential: 'refused' });
