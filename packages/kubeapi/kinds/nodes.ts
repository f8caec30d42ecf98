import { isObject, type JsonObject } from '../json.ts';

/** The older field for one address range and the newer for several say the same. */
export function defaultNode(node: JsonObject): void {
  if (!isObject(node.spec)) return;
  const { spec } = node;
  if (typeof spec.podCIDR === 'string' && spec.podCIDR !== '') spec.podCIDRs ??= [spec.podCIDR];
}
