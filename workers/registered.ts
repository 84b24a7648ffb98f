/** Every activity under its registered name, `<system>.<verbNoun>`. */
export type Activities = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/** Names the activities of each system. They cannot collide: every system has a prefix of its own. */
export function registered(systems: Readonly<Record<string, object>>): Activities {
  const named = Object.entries(systems).flatMap(([system, verbs]) =>
    Object.entries(verbs).map(([verb, activity]) => [`${system}.${verb}`, activity as Activities[string]] as const),
  );
  return Object.fromEntries(named);
}
