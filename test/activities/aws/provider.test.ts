import { describeProvider } from '../../contracts/provider.js';
import { awsProvider } from './fixture.js';

describeProvider('aws', awsProvider);
