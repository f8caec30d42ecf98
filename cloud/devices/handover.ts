import { type Duration, millis } from '@selvedge/base/duration';
import type { DeviceStatus } from '@selvedge/contract/device';

/** How long a gateway may be silent and yet still drive a device that was taken from it. */
export const releaseAfterMs = 40_000;

export interface HandoverInput {
  /** Where the device is wanted: spec.nodeName, or nothing. */
  readonly target: string | undefined;
  /** Who has it: status.nodeName. */
  readonly holder: string | undefined;
  /** The holder's connection: whether it may still hold the device, or since when it is silent, ms. */
  readonly holderLink: { readonly mayHold: boolean } | { readonly silentFor: number };
  /** A connected node beside holder and target that may hold it: left over from an object of the same name. */
  readonly straggler: string | undefined;
}

export type Handover =
  /** It is where it belongs: keep it up to date there. */
  | { readonly action: 'deliver' }
  /** Nobody has it any more: write down who has it next, then deliver. */
  | { readonly action: 'claim'; readonly node: string | undefined }
  | { readonly action: 'wait'; readonly message: string; readonly again?: Duration };

/**
 * Who may have a device now. Never two: the next gateway gets it only when the one before has let go of it, or has been
 * silent for so long that it must have given up. Pure.
 */
export function handover(input: HandoverInput): Handover {
  const { target, holder, holderLink, straggler } = input;
  if (holder !== undefined && holder !== target) {
    if ('mayHold' in holderLink) {
      if (holderLink.mayHold)
        return { action: 'wait', message: `waiting for gateway "${holder}" to release the device` };
    } else if (holderLink.silentFor < releaseAfterMs) {
      const message = `gateway "${holder}" had the device and is not connected; it counts as released after 40 s of silence`;
      return { action: 'wait', message, again: millis(releaseAfterMs - holderLink.silentFor) };
    }
  }
  if (straggler !== undefined) {
    return { action: 'wait', message: `waiting for gateway "${straggler}" to release the device` };
  }
  return holder === target ? { action: 'deliver' } : { action: 'claim', node: target };
}

/**
 * The status of a device that `node` has now, or nobody. What another gateway wrote is no word about this one's writes: it begins
 * with none, or a value would count as verified before it was written. Pure.
 */
export function heldBy(node: string | undefined, { nodeName, twins, ...status }: DeviceStatus): DeviceStatus {
  const forgotten = twins?.map(({ lastWrite: _, ...twin }) => twin);
  const kept = nodeName === node ? twins : forgotten;
  return { ...status, ...(kept ? { twins: kept } : {}), ...(node ? { nodeName: node } : {}) };
}
