import * as assert from 'uvu/assert';
import type { Ran } from '../support/run.ts';
import { until } from '../support/until.ts';
import type { Product } from './product.ts';

interface Judged {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly conditions?: readonly {
      readonly status: string;
      readonly reason: string;
      readonly message: string;
      readonly observedGeneration?: number;
    }[];
  };
}

/**
 * What the product says against a change of a Device that no schema can refuse. The embedded API server asks the product
 * first, so kubectl itself says it; a real one does not, so the change is made and a condition of the Device says it.
 */
export async function verdict(product: Product, device: string, change: () => Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await change();
  if (product.kubernetes.kind === 'embedded') {
    assert.is(code, 1, `it was taken: ${stdout}`);
    assert.match(stderr, `The Device "${device}" is invalid: `);
    return stderr;
  }
  assert.is(code, 0, stderr);
  return complaint(product, device);
}

/** The message of the condition that says what is wrong with the Device as it is now. */
export async function complaint(product: Product, device: string): Promise<string> {
  let said: string | undefined;
  await until(10_000, `a condition of ${device} says what is wrong`, async () => {
    const { stdout } = await product.kubectl('get', 'device', device, '-o', 'json');
    const { metadata, status } = JSON.parse(stdout) as Judged;
    said = status?.conditions?.find(
      ({ status, reason, observedGeneration }) =>
        status === 'False' && /^Invalid/.test(reason) && observedGeneration === metadata.generation,
    )?.message;
    return said !== undefined;
  });
  return said ?? '';
}
