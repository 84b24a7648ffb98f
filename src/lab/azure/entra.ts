import { formFields } from '../forms.js';
import type { Answer, Incoming, Routes } from '../routes.js';
import { type AzureState, tokenSeconds } from './state.js';

/** The token endpoint, for applications that sign in with a secret. It accepts only forms. */
export function entraRoutes(state: AzureState): Routes<Incoming> {
  return {
    'POST /{tenant}/oauth2/v2.0/token'(request) {
      const fields = formFields(request);
      const asked = (name: string): string => fields.get(name) ?? '';
      if (request.params.tenant !== state.tenant)
        return refusal(400, 'invalid_request', `AADSTS90002: Tenant '${request.params.tenant}' not found.`);
      if (asked('grant_type') !== 'client_credentials')
        return refusal(400, 'unsupported_grant_type', 'AADSTS70003: The app requested an unsupported grant type.');
      const app = state.apps.find(({ clientId }) => clientId === asked('client_id'));
      if (!app)
        return refusal(400, 'unauthorized_client', `AADSTS700016: Application '${asked('client_id')}' was not found.`);
      if (app.secret !== asked('client_secret'))
        return refusal(401, 'invalid_client', `AADSTS7000215: Invalid client secret provided for '${app.clientId}'.`);
      if (!asked('scope').endsWith('/.default'))
        return refusal(400, 'invalid_scope', 'AADSTS1002012: The scope is not valid: it ends with /.default.');
      const token = { token_type: 'Bearer', expires_in: tokenSeconds, ext_expires_in: tokenSeconds };
      return { status: 200, body: { ...token, access_token: state.issueToken(app) } };
    },
  };
}

function refusal(status: number, error: string, error_description: string): Answer {
  return { status, body: { error, error_description, error_codes: [], trace_id: 'lab', correlation_id: 'lab' } };
}
