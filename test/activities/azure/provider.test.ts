import { describeProvider } from '../../contracts/provider.js';
import { azureProvider } from './stage.js';

describeProvider('azure', azureProvider);
