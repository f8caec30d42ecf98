import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeBase } from '../support/free-ports.ts';
import type { FamilyMember } from '../support/process-tree.ts';
import { type Ran, run, selvedge } from '../support/run.ts';
import { Running } from '../support/running.ts';
import { type Kubernetes, openKubernetes } from './kubernetes.ts';

/** The whole product from its bundles, as `npm start` runs it, in a directory and on ports of its own. */
export class Product {
  readonly directory = mkdtempSync(join(tmpdir(), 'selvedge-e2e-'));
  readonly base: number;
  readonly kubernetes: Kubernetes;
  #running: Running | undefined;

  private constructor(base: number, kubernetes: Kubernetes) {
    this.base = base;
    this.kubernetes = kubernetes;
  }

  /** Started and ready. */
  static async start(): Promise<Product> {
    const product = new Product(await freeBase(), await openKubernetes());
    await product.start();
    return product;
  }

  /** Starts it (again) and waits until it says that it is ready. @throws Error with what it said when it ends instead */
  async start(): Promise<void> {
    const { kubeconfig } = this.kubernetes;
    // Named once: the directory remembers its cluster.
    const cluster = kubeconfig === undefined || this.#running !== undefined ? [] : ['--kubeconfig', kubeconfig];
    this.#running = Running.selvedge('up', '--dir', this.directory, '--ports', String(this.base), ...cluster);
    await this.#running.says('Ctrl-C stops everything.');
  }

  /** Ctrl-C. @returns the exit code */
  async stop(): Promise<number | null> {
    return (await this.#running?.interrupt()) ?? null;
  }

  /** kill -9, which nobody can answer with an orderly stop. */
  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  /** Ends it and all that belongs to it. */
  async remove(): Promise<void> {
    await this.stop();
    await this.kubernetes.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  kubectl(...args: string[]): Promise<Ran> {
    return run('kubectl', args, this.kubectlEnv);
  }

  get kubectlEnv(): Record<string, string> {
    return { ...this.kubernetes.kubectlEnv, KUBECONFIG: join(this.directory, 'kubeconfig') };
  }

  /** `kubectl apply` of a manifest on standard input. */
  apply(manifest: unknown): Promise<Ran> {
    return run('kubectl', ['apply', '-f', '-'], this.kubectlEnv, JSON.stringify(manifest));
  }

  /** `kubectl patch` of one place in a Device (RFC 6902). */
  patch(device: string, op: 'add' | 'replace' | 'remove', path: string, value?: unknown): Promise<Ran> {
    return this.kubectl('patch', 'device', device, '--type=json', '-p', JSON.stringify([{ op, path, value }]));
  }

  /** The `selvedge` command about this product. */
  selvedge(...args: string[]): Promise<Ran> {
    return selvedge(...args, '--dir', this.directory);
  }

  /** The value of a simulated point, from the plant itself. */
  async point(device: string, point: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.base + 11}/points/${device}/${point}`);
    return ((await response.json()) as { value: unknown }).value;
  }

  /** Turns a knob on the plant. */
  async turn(device: string, point: string, value: unknown): Promise<void> {
    const body = JSON.stringify({ value });
    const url = `http://127.0.0.1:${this.base + 11}/points/${device}/${point}`;
    const response = await fetch(url, { method: 'PUT', body });
    if (!response.ok) throw new Error(`PUT ${device}/${point}: ${response.status} ${await response.text()}`);
  }

  /** Process id of `cloud`, `gateway` or `hil-sim`, as it is now. */
  pid(name: string): number {
    const record = JSON.parse(readFileSync(join(this.directory, 'run', `${name}.json`), 'utf8')) as { pid: number };
    return record.pid;
  }

  /** Everything that runs of it now: what `selvedge up` started, and what those started. */
  family(): FamilyMember[] {
    return this.#running?.family() ?? [];
  }

  /** One place of a Device, as `kubectl get -o jsonpath` prints it. */
  async jsonPath(device: string, path: string): Promise<string> {
    return (await this.kubectl('get', 'device', device, '-o', `jsonpath=${path}`)).stdout;
  }

  /** The condition of a device: `True/Verified`. */
  condition(device: string, type: string): Promise<string> {
    const condition = `.status.conditions[?(@.type=="${type}")]`;
    return this.jsonPath(device, `{${condition}.status}/{${condition}.reason}`);
  }

  /** The value reported for a property. */
  reported(device: string, property: string): Promise<string> {
    return this.jsonPath(device, `{.status.twins[?(@.propertyName=="${property}")].reported.value}`);
  }
}
