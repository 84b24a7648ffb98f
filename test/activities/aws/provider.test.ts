import { describeIssuing } from '../../contracts/issuing.js';
import { awsProvider } from './fixture.js';

describeIssuing('aws', awsProvider);
