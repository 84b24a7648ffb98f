const most = 200;

/** Caches a function of a text. Simulations evaluate it after every event, and its texts change rarely. */
export function remembered<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (!known.has(text)) {
      if (known.size >= most) known.clear();
      known.set(text, read(text));
    }
    return known.get(text) as T;
  };
}
