import { describeProvider } from '../../contracts/provider.js';
import { openAiProvider } from './stage.js';

describeProvider('openai', openAiProvider);
