import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { configError, describeError } from '@selvedge/base/errors';
import { parse, YAMLParseError } from 'yaml';

/** What it takes to speak to one API server, as the current context of a kubeconfig has it. */
export interface KubeAccess {
  readonly server: string;
  readonly namespace: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  readonly serverName?: string;
  readonly insecure: boolean;
}

interface Named {
  readonly name?: string;
  readonly [field: string]: unknown;
}

interface ConfigFile {
  readonly clusters?: readonly Named[];
  readonly users?: readonly Named[];
  readonly contexts?: readonly Named[];
  readonly 'current-context'?: string;
}

/** @throws configError `InvalidKubeconfig` naming the file and what is missing in it */
export function readKubeconfig(path: string): KubeAccess {
  const fail = (reason: string) =>
    configError('InvalidKubeconfig', `Cannot use kubeconfig "${path}": ${reason}; name another with --kubeconfig`);
  let file: ConfigFile;
  try {
    file = parse(readFileSync(path, 'utf8')) as ConfigFile;
  } catch (error) {
    const isSeveral = error instanceof YAMLParseError && error.code === 'MULTIPLE_DOCS';
    // What follows the first line of a parser's error is a picture of the place.
    const [reason = ''] = describeError(error).split('\n');
    throw fail(isSeveral ? 'it holds several YAML documents, and must be one' : reason);
  }
  const entry = (list: readonly Named[] | undefined, name: unknown, field: string): Record<string, unknown> => {
    const found = (Array.isArray(list) ? list : []).find((one: Named) => one?.name === name)?.[field];
    if (typeof found !== 'object' || found === null) throw fail(`it has no ${field} "${String(name)}"`);
    return found as Record<string, unknown>;
  };
  const context = entry(file?.contexts, file?.['current-context'], 'context');
  const cluster = entry(file.clusters, context.cluster, 'cluster');
  const user = entry(file.users, context.user, 'user');
  if (typeof cluster.server !== 'string') throw fail('its cluster has no server');
  if (user.exec !== undefined || user['auth-provider'] !== undefined) {
    throw fail(
      'its user gets credentials from another program, which selvedge does not run; use kubectl, or a user with a token or certificate',
    );
  }
  const pem = (holder: Record<string, unknown>, field: string): string | undefined => {
    const inline = holder[`${field}-data`];
    if (typeof inline === 'string') return Buffer.from(inline, 'base64').toString('utf8');
    const file = holder[field];
    return typeof file === 'string' ? readText(resolve(dirname(path), file), fail) : undefined;
  };
  const token =
    user.token ??
    (typeof user.tokenFile === 'string' ? readText(resolve(dirname(path), user.tokenFile), fail) : undefined);
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: typeof context.namespace === 'string' ? context.namespace : 'default',
    insecure: cluster['insecure-skip-tls-verify'] === true,
    ...defined({
      ca: pem(cluster, 'certificate-authority'),
      cert: pem(user, 'client-certificate'),
      key: pem(user, 'client-key'),
      token: typeof token === 'string' ? token.trim() : undefined,
      serverName: typeof cluster['tls-server-name'] === 'string' ? cluster['tls-server-name'] : undefined,
    }),
  };
}

function readText(path: string, fail: (reason: string) => Error): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fail(describeError(error));
  }
}

function defined<Shape extends Record<string, string | undefined>>(shape: Shape): { [Key in keyof Shape]?: string } {
  return Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Shape]?: string;
  };
}
