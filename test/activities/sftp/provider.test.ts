import { describeProvider } from '../../contracts/provider.js';
import { sftpProvider } from './stage.js';

describeProvider('sftp', sftpProvider);
