import { describeProvider } from '../../contracts/provider.js';
import { azureProvider } from './fixture.js';

describeProvider('azure', azureProvider);
