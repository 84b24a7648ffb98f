/** A request of the engine. Returns the answer with its text. */
export async function send(
  url: string | URL,
  init: RequestInit,
): Promise<{ status: number; text: string; ok: boolean }> {
  const response = await fetch(url, init);
  return { status: response.status, ok: response.ok, text: await response.text() };
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The name of another copy: with the current time, as the engine adds it. */
export function anotherName(path: string): string {
  const time = new Date(Date.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
  return path.replace(/(\.\w+)?$/, `_${time}$1`);
}
