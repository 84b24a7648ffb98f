const most = 200;

/** The same function of a text, which reads each of the latest texts once: the truth is asked after every event, and changes seldom. */
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
