import ts from 'typescript';

/** What a package declares in one of its files. */
export interface DeclaredTypes {
  /** Where a value is no `name`, each as a sentence; empty when it fits. What is not declared does not fit either. */
  problems(value: unknown, name: string): string[];
}

/** Reads a declaration file by itself: types that it imports fit everything. */
export function declaredIn(file: string): DeclaredTypes {
  const program = ts.createProgram([file], { noResolve: true, strict: true, types: [], lib: ['lib.es5.d.ts'] });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.Node);
  const exported = module ? checker.getExportsOfModule(module) : [];
  return {
    problems(value, name) {
      const symbol = exported.find((each) => each.name === name);
      if (!symbol) throw new Error(`${file} declares no ${name}`);
      return check(value, checker.getDeclaredTypeOfSymbol(symbol), name);
    },
  };

  function check(value: unknown, type: ts.Type, at: string): string[] {
    if (type.flags & ts.TypeFlags.Any) return [];
    if (type.isUnion()) {
      const choices = type.types.map((each) => check(value, each, at));
      return choices.some((problems) => problems.length === 0) ? [] : [`${at} is no ${checker.typeToString(type)}`];
    }
    if (checker.isArrayType(type)) return checkItems(value, type, at);
    if (type.flags & ts.TypeFlags.Object) return checkFields(value, type, at);
    const is = type.isLiteral() ? value === type.value : [typeof value, String(value)].includes(nameOf(type));
    return is ? [] : [`${at} is no ${nameOf(type)}`];
  }

  function checkItems(value: unknown, type: ts.Type, at: string): string[] {
    if (!Array.isArray(value)) return [`${at} is no list`];
    const [item] = checker.getTypeArguments(type as ts.TypeReference);
    return item ? value.flatMap((each, index) => check(each, item, `${at}[${index}]`)) : [];
  }

  function checkFields(value: unknown, type: ts.Type, at: string): string[] {
    if (typeof value !== 'object' || value === null) return [`${at} is no object`];
    const declared = checker.getPropertiesOfType(type);
    const invented = Object.keys(value).filter((name) => !declared.some((property) => property.name === name));
    const wrong = declared.flatMap((property) => {
      const { name, flags } = property;
      if (name in value)
        return check((value as Record<string, unknown>)[name], checker.getTypeOfSymbol(property), `${at}.${name}`);
      return flags & ts.SymbolFlags.Optional ? [] : [`${at}.${name} is missing`];
    });
    return [...invented.map((name) => `${at}.${name} is not declared`), ...wrong];
  }

  function nameOf(type: ts.Type): string {
    return checker.typeToString(type);
  }
}
