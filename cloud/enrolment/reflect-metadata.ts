/**
 * @peculiar/x509 finds its algorithms through tsyringe, which wants the Reflect metadata API at import and brings no
 * implementation along. These are the three functions it calls; where a full one is already there it stays.
 */
const metadata = new WeakMap<object, Map<unknown, unknown>>();

const functions = {
  defineMetadata(key: unknown, value: unknown, holder: object): void {
    const entries = metadata.get(holder) ?? new Map<unknown, unknown>();
    entries.set(key, value);
    metadata.set(holder, entries);
  },
  getOwnMetadata(key: unknown, holder: object): unknown {
    return metadata.get(holder)?.get(key);
  },
  getMetadata(key: unknown, holder: object): unknown {
    for (let at: object | null = holder; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const entries = metadata.get(at);
      if (entries?.has(key)) return entries.get(key);
    }
    return undefined;
  },
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, functions);
