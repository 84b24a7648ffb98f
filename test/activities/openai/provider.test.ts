import { describeProvider } from '../../contracts/provider.js';
import { openAiProvider } from './fixture.js';

describeProvider('openai', openAiProvider);
