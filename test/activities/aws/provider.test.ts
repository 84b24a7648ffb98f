import { describeProvider } from '../../contracts/provider.js';
import { awsProvider } from './stage.js';

describeProvider('aws', awsProvider);
