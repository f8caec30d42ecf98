import type { Device } from '@selvedge/contract/device';

/** Name of the model a Device refers to, as `namespace/name`; undefined when it names none. */
export function modelKeyOf(device: Device): string | undefined {
  const name = device.spec.deviceModelRef?.name ?? '';
  return name === '' ? undefined : `${device.metadata.namespace ?? 'default'}/${name}`;
}

/** Which devices belong to a node, and which use a model: kept with the copy of the devices, so that nothing is searched. */
export class DeviceIndex {
  readonly #byNode = new Map<string, Set<string>>();
  readonly #byModel = new Map<string, Set<string>>();

  update(key: string, device: Device | undefined, before: Device | undefined): void {
    if (before) for (const [index, word] of this.#words(before)) remove(index, word, key);
    if (device) for (const [index, word] of this.#words(device)) add(index, word, key);
  }

  /** Devices that are wanted on the node, or are held by it. */
  ofNode(node: string): Iterable<string> {
    return this.#byNode.get(node) ?? [];
  }

  ofModel(model: string): Iterable<string> {
    return this.#byModel.get(model) ?? [];
  }

  #words(device: Device): [Map<string, Set<string>>, string][] {
    const words: [Map<string, Set<string>>, string][] = [];
    const model = modelKeyOf(device);
    if (model) words.push([this.#byModel, model]);
    for (const node of new Set([device.spec.nodeName, device.status?.nodeName])) {
      if (node) words.push([this.#byNode, node]);
    }
    return words;
  }
}

function add(index: Map<string, Set<string>>, word: string, key: string): void {
  const keys = index.get(word);
  if (keys) keys.add(key);
  else index.set(word, new Set([key]));
}

function remove(index: Map<string, Set<string>>, word: string, key: string): void {
  const keys = index.get(word);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(word);
}
