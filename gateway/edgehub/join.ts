import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '@selvedge/base/clock';
import { configError, describeError } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { Random } from '@selvedge/base/random';
import { type JoinToken, parseToken } from '@selvedge/contract/enrolment';
import { type EnrolTarget, enrol, renew } from './enrol.ts';
import { loadIdentity, type NodeIdentity, renewalTime, saveIdentity } from './identity.ts';

export interface JoinerOptions {
  readonly target: EnrolTarget;
  /** Directory of the node's key and certificates. */
  readonly directory: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Gives the node's identity: the one on disk, a renewed one when that grows old, or a new one for a token. A token of another
 * cloud than the one on disk, by the hash of its CA, wins over it: somebody wants this node to join that cloud.
 */
export class Joiner {
  readonly #options: JoinerOptions;
  /** This node's place between the earliest and the latest time to renew. */
  readonly #share: number;

  constructor(options: JoinerOptions) {
    this.#options = options;
    this.#share = options.random();
  }

  /** @throws configError `NoToken`, `InvalidToken`; as {@link enrol} */
  async identity(): Promise<NodeIdentity> {
    const { target, directory, clock, log } = this.#options;
    const present = loadIdentity(directory, target.node, clock.now(), log);
    const elsewhere = present && this.#tokenOfAnotherCloud(present);
    if (present && !elsewhere) return this.#renewed(present);
    const identity = await enrol(target, elsewhere ?? parseToken(this.#token()));
    saveIdentity(directory, identity);
    log.info('node enrolled', { node: target.node });
    return identity;
  }

  /** One that is missing or malformed is no reason not to use the identity that there is. */
  #tokenOfAnotherCloud({ ca }: NodeIdentity): JoinToken | undefined {
    try {
      const token = parseToken(this.#token());
      const kept = createHash('sha256').update(new X509Certificate(ca).raw).digest('hex');
      return token.caHash === kept ? undefined : token;
    } catch {
      // No token, or none that can be read: what is kept goes on.
      return undefined;
    }
  }

  /** A renewal that fails does no harm as long as the certificate is valid: the next connection tries again. */
  async #renewed(present: NodeIdentity): Promise<NodeIdentity> {
    const { target, directory, clock, log } = this.#options;
    if (clock.now() < renewalTime(present.certificate, this.#share)) return present;
    try {
      const identity = await renew(target, present);
      saveIdentity(directory, identity);
      log.info('node certificate renewed', { node: target.node });
      return identity;
    } catch (error) {
      log.warn('node certificate was not renewed', { error: describeError(error) });
      return present;
    }
  }

  /** Read at each try: the file may come, or be replaced, while the gateway runs. */
  #token(): string {
    const { token, tokenFile } = this.#options;
    if (token !== undefined) return token;
    const hint = 'run `selvedge join`, or give --token or --token-file';
    if (tokenFile === undefined) {
      throw configError('NoToken', `Cannot join the cloud: there is neither a certificate nor a token; ${hint}`);
    }
    try {
      return readFileSync(tokenFile, 'utf8');
    } catch (error) {
      throw configError('NoToken', `Cannot read the token in "${tokenFile}": ${describeError(error)}; ${hint}`);
    }
  }
}
