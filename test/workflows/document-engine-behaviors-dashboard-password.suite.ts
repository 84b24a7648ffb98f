import { startDocumentEngineDashboardPassword as start } from '../../src/lab/scenarios/document-engine-dashboard-password.js';
import { describeBehaviors } from './document-engine-behaviors.js';

describeBehaviors({ type: 'dashboard_password', start, oldCredential: 'refused' });
