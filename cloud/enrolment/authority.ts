import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock } from '@selvedge/base/clock';
import { type Duration, hours } from '@selvedge/base/duration';
import { bug, configError } from '@selvedge/base/errors';
import { formatToken } from '@selvedge/contract/enrolment';
import {
  certificatePem,
  createAuthority,
  createServerCertificate,
  type KeyPair,
  privateKey,
  signNodeRequest,
} from './certificates.ts';
import { signToken, tokenExpiry, verifyToken } from './token.ts';

/** Where keys are kept: Secrets of one namespace. */
export interface SecretStore {
  read(name: string): Promise<ReadonlyMap<string, Buffer> | undefined>;
  /** @returns false when somebody else has just created it */
  create(name: string, data: ReadonlyMap<string, Buffer>): Promise<boolean>;
  update(name: string, data: ReadonlyMap<string, Buffer>): Promise<void>;
}

/** Names of the Secrets and their keys are KubeEdge's, so that one cloud can take over from the other. */
const names = {
  authority: { secret: 'casecret', certificate: 'cadata', key: 'cakeydata' },
  server: { secret: 'cloudcoresecret', certificate: 'cloudcoredata', key: 'cloudcorekeydata' },
  token: { secret: 'tokensecret', data: 'tokendata' },
} as const;

const tokenLife: Duration = hours(24);
/** A server certificate is made anew when it has less than this left, at a start. */
const renewBefore = 30 * 86_400_000;

/** What a TLS server of this cloud needs; text, as node:tls wants it. */
export interface ServerTls {
  readonly key: string;
  readonly cert: string;
  /** The authority that signs nodes. */
  readonly ca: string;
}

/** The certificate authority of a fleet: one CA, one server certificate, join tokens; all of it lies in Secrets. */
export class Authority {
  readonly #store: SecretStore;
  readonly #clock: Clock;
  readonly #authority: KeyPair;
  readonly #server: KeyPair;

  private constructor(store: SecretStore, clock: Clock, authority: KeyPair, server: KeyPair) {
    this.#store = store;
    this.#clock = clock;
    this.#authority = authority;
    this.#server = server;
  }

  /**
   * Reads what is there and makes what is not. Of two replicas that start at once the first to write wins.
   * @param hosts  names and addresses that the server certificate must cover
   */
  static async open(options: { store: SecretStore; clock: Clock; hosts: readonly string[] }): Promise<Authority> {
    const { store, clock, hosts } = options;
    const authority = await readOrCreate(store, names.authority, () => createAuthority(clock.now()));
    const fresh = () => createServerCertificate(authority, hosts, clock.now());
    let server = await readOrCreate(store, names.server, fresh);
    if (!fits(server, authority, hosts, clock.now())) {
      server = await fresh();
      await store.update(names.server.secret, dataOf(names.server, server));
    }
    const opened = new Authority(store, clock, authority, server);
    await opened.refreshToken();
    return opened;
  }

  /** The CA's certificate, DER. */
  get certificate(): Buffer {
    return this.#authority.certificate;
  }

  get tls(): ServerTls {
    return {
      key: privateKey(this.#server.key).export({ type: 'sec1', format: 'pem' }).toString(),
      cert: certificatePem(this.#server.certificate),
      ca: certificatePem(this.#authority.certificate),
    };
  }

  /** A certificate for one node. @throws rejected `InvalidRequest`, `OtherNode` */
  async issue(node: string, request: Buffer): Promise<Buffer> {
    return await signNodeRequest(this.#authority, node, request, this.#clock.now());
  }

  /** @throws rejected `InvalidToken`, `TokenExpired` */
  verify(token: string): void {
    verifyToken(this.#authority.key, token, this.#clock.now());
  }

  /**
   * Puts a new join token into its Secret when the one there has less than half of its time left.
   * @returns after how long to look again
   */
  async refreshToken(): Promise<Duration> {
    const { secret, data } = names.token;
    const stored = (await this.#store.read(secret))?.get(data)?.toString('utf8');
    const now = this.#clock.now();
    const left = stored === undefined ? 0 : this.#timeLeft(stored, now);
    if (left <= tokenLife / 2) {
      const caHash = createHash('sha256').update(this.#authority.certificate).digest('hex');
      const text = formatToken({ caHash, jwt: signToken(this.#authority.key, now + tokenLife) });
      const entry = new Map([[data, Buffer.from(text)]]);
      // Two replicas may each write one: both tokens are genuine, so the later write does no harm.
      if (stored !== undefined || !(await this.#store.create(secret, entry))) await this.#store.update(secret, entry);
    }
    return hours(1);
  }

  #timeLeft(text: string, now: number): number {
    const jwt = text.slice(text.indexOf('.') + 1);
    try {
      verifyToken(this.#authority.key, jwt, now);
    } catch {
      return 0; // Not ours or expired: as good as none, a new one is made.
    }
    return (tokenExpiry(jwt) ?? now) - now;
  }
}

interface PairNames {
  readonly secret: string;
  readonly certificate: string;
  readonly key: string;
}

const dataOf = (keys: PairNames, pair: KeyPair): ReadonlyMap<string, Buffer> =>
  new Map([
    [keys.certificate, pair.certificate],
    [keys.key, pair.key],
  ]);

async function readOrCreate(store: SecretStore, keys: PairNames, create: () => Promise<KeyPair>): Promise<KeyPair> {
  const stored = await store.read(keys.secret);
  if (stored) return pairOf(keys, stored);
  const pair = await create();
  if (await store.create(keys.secret, dataOf(keys, pair))) return pair;
  const winner = await store.read(keys.secret);
  if (!winner) throw bug('SecretGone', `Cannot read Secret "${keys.secret}": it exists and does not exist`);
  return pairOf(keys, winner);
}

function pairOf(keys: PairNames, data: ReadonlyMap<string, Buffer>): KeyPair {
  const certificate = data.get(keys.certificate);
  const key = data.get(keys.key);
  if (certificate?.length && key?.length) return { certificate, key };
  const need = `it must hold ${keys.certificate} and ${keys.key}; mend it, or delete it and a new one is made`;
  throw configError('InvalidSecret', `Cannot use Secret "${keys.secret}": ${need}`);
}

/** Whether a stored server certificate still serves: signed by this CA, not near its end, every host in it. */
function fits(server: KeyPair, authority: KeyPair, hosts: readonly string[], now: number): boolean {
  const certificate = new X509Certificate(server.certificate);
  const signedByUs = certificate.verify(new X509Certificate(authority.certificate).publicKey);
  const covers = (host: string) =>
    (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host, { subject: 'never' })) !== undefined;
  return signedByUs && Date.parse(certificate.validTo) - now > renewBefore && hosts.every(covers);
}
