import { describeProvider } from '../../contracts/provider.js';
import { sftpProvider } from './fixture.js';

describeProvider('sftp', sftpProvider);
