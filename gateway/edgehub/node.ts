import { arch, cpus, hostname, release, totalmem } from 'node:os';
import type { Clock, Timer } from '@selvedge/base/clock';
import { minutes, seconds } from '@selvedge/base/duration';
import { describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import { edgeObjectFrame } from '@selvedge/contract/link-build';
import type { LinkFrame } from '@selvedge/contract/link-frame';
import type { LinkedKind } from '@selvedge/contract/link-message';
import { edgeLabel } from '@selvedge/contract/names';

export interface NodeAgentOptions {
  readonly node: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Sends a frame and gives the content of its answer. @throws when there is none in time */
  readonly request: (frame: LinkFrame) => Promise<unknown>;
}

const leaseEvery = seconds(10);
/** KubeEdge's lease: the node is NotReady when it was not renewed for so long. */
const leaseSeconds = 40;
const statusEvery = minutes(5);
const leaseNamespace = 'kube-node-lease';

/** Kubernetes' names for processors. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

interface Answer {
  readonly Object?: unknown;
  readonly Err?: { readonly ErrStatus?: { readonly reason?: string; readonly message?: string } } | null;
}

/** Keeps this gateway in the cluster's list of nodes: its Node, its Lease, its status, as a kubelet would. */
export class NodeAgent {
  readonly #options: NodeAgentOptions;
  #session = 0;
  #timers: Timer[] = [];
  /** The lease as the cloud last gave it: its resourceVersion must go back with the next renewal. */
  #lease: { metadata?: Record<string, unknown> } | undefined;

  constructor(options: NodeAgentOptions) {
    this.#options = options;
  }

  /** A session with the cloud has begun. */
  connected(): void {
    const session = ++this.#session;
    this.#lease = undefined;
    this.#run(session, 'register node', () => this.#register());
    this.#every(session, 'node lease', leaseEvery, () => this.#renew());
    this.#every(session, 'node status', statusEvery, () => this.#patchStatus());
  }

  disconnected(): void {
    this.#session++;
    for (const timer of this.#timers.splice(0)) timer.cancel();
  }

  /** Repeats `work` for as long as the session lasts; a failure is logged, and the next round is the retry. */
  #every(session: number, what: string, interval: typeof leaseEvery, work: () => Promise<void>): void {
    const timer = this.#options.clock.after(what, interval, () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
      if (session !== this.#session) return;
      this.#run(session, what, work);
      this.#every(session, what, interval, work);
    });
    this.#timers.push(timer);
  }

  #run(session: number, what: string, work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (session === this.#session)
        this.#options.log.warn('node request failed', { what, error: describeError(error) });
    });
  }

  async #register(): Promise<void> {
    const { node } = this.#options;
    const answer = await this.#ask('insert', 'node', undefined, this.#node());
    const refused = problemOf(answer);
    if (refused !== undefined && refused.reason !== 'AlreadyExists') {
      throw new Error(`node "${node}" was not taken: ${refused.message ?? refused.reason}`);
    }
    await this.#patchStatus();
    await this.#renew();
  }

  async #renew(): Promise<void> {
    const { node, clock } = this.#options;
    if (!this.#lease) {
      const found = await this.#ask('query', 'lease', leaseNamespace, null);
      if (problemOf(found) === undefined && isObject(found.Object)) this.#lease = found.Object;
    }
    const operation = this.#lease ? 'update' : 'insert';
    const content = {
      kind: 'Lease',
      apiVersion: 'coordination.k8s.io/v1',
      metadata: { ...this.#lease?.metadata, name: node, namespace: leaseNamespace },
      spec: { holderIdentity: node, leaseDurationSeconds: leaseSeconds, renewTime: microTime(clock.now()) },
    };
    const answer = await this.#ask(operation, 'lease', leaseNamespace, content);
    const refused = problemOf(answer);
    // A conflict means that somebody else changed it: the next round starts from what it is then.
    this.#lease = refused === undefined && isObject(answer.Object) ? answer.Object : undefined;
    if (refused !== undefined) throw new Error(`lease was not taken: ${refused.message ?? refused.reason}`);
  }

  async #patchStatus(): Promise<void> {
    const answer = await this.#ask('patch', 'nodepatch', undefined, JSON.stringify({ status: this.#status() }));
    const refused = problemOf(answer);
    if (refused !== undefined) throw new Error(`node status was not taken: ${refused.message ?? refused.reason}`);
  }

  async #ask(
    operation: 'insert' | 'update' | 'patch' | 'query',
    kind: LinkedKind,
    namespace: string | undefined,
    content: unknown,
  ): Promise<Answer> {
    const { node, clock } = this.#options;
    const frame = edgeObjectFrame({ now: clock.now() }, operation, { kind, namespace, name: node }, content);
    const answer = await this.#options.request(frame);
    return isObject(answer) ? answer : {};
  }

  #node(): unknown {
    const { node } = this.#options;
    const machine = { 'kubernetes.io/arch': architectures[arch()] ?? arch(), 'kubernetes.io/os': 'linux' };
    const roles = { [edgeLabel]: '', 'node-role.kubernetes.io/agent': '' };
    const labels = { 'kubernetes.io/hostname': node, ...machine, ...roles };
    return { kind: 'Node', apiVersion: 'v1', metadata: { name: node, labels }, spec: {}, status: this.#status() };
  }

  #status(): unknown {
    const now = new Date(this.#options.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    // No containers run here: without room for pods the scheduler passes this node by.
    const capacity = { cpu: String(cpus().length || 1), memory: `${Math.floor(totalmem() / 1024)}Ki`, pods: '0' };
    return {
      capacity,
      allocatable: capacity,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'GatewayReady',
          message: 'the gateway is running',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
      addresses: [{ type: 'Hostname', address: hostname() }],
      nodeInfo: {
        architecture: architectures[arch()] ?? arch(),
        operatingSystem: 'linux',
        osImage: 'Linux',
        kernelVersion: release(),
        kubeletVersion: `v${this.#options.version}-selvedge`,
        kubeProxyVersion: '',
        containerRuntimeVersion: '',
        machineID: '',
        systemUUID: '',
        bootID: '',
      },
    };
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function problemOf(answer: Answer): { reason?: string; message?: string } | undefined {
  if (answer.Err) return answer.Err.ErrStatus ?? { reason: 'Unknown' };
  return undefined;
}

/** metav1.MicroTime: six digits of a second. */
const microTime = (now: number): string => new Date(now).toISOString().replace('Z', '000Z');
