/** Problems that differ in names, numbers and moments alone are one. */
export function kindOf(problem: string): string {
  return problem
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/\d+/g, 'N')
    .slice(0, 100);
}
