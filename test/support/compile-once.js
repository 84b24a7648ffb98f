import vm from 'node:vm';

/** V8 takes scripts for different ones where `import()` is led elsewhere, so only those that may contain it say where to. */
const imports = /\bimport\b[^('"`]*\(/;

const { compileFunction } = vm;

/**
 * Loaded by `--import` into every process of Jest, which compiles a module with `compileFunction` for each test file. Of
 * that V8 keeps nothing. Of scripts it does, so here a process compiles each text once. A test file still runs every
 * module anew, in its own context.
 */
vm.compileFunction = (source, parameters = [], options = {}) => {
  const { parsingContext, filename, importModuleDynamically } = options;
  if (parsingContext === undefined) return compileFunction(source, parameters, options);
  const head = `(function (${parameters.join(', ')}) {`;
  const script = new vm.Script(`${head}${source}\n})`, {
    filename,
    columnOffset: -head.length, // errors in the first line name the column of the source
    ...(imports.test(source) && { importModuleDynamically }),
  });
  return script.runInContext(parsingContext);
};
