// Preloaded with `node --import`: Node runs the sources themselves, so a child process tests what is written and not what was last compiled.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (err) {
      if (!specifier.startsWith('.')) throw err;
      return next(specifier.replace(/\.js$/, '.ts'), context);
    }
  },
});
