import { describeIssuing } from '../../contracts/issuing.js';
import { openAiProvider } from './fixture.js';

describeIssuing('openai', openAiProvider);
