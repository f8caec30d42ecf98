import type { SecureContextOptions } from 'node:tls';
import { configError, describeError } from '@selvedge/base/errors';

export interface Credentials {
  readonly tls: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> & {
    rejectUnauthorized?: boolean;
    servername?: string;
  };
  readonly headers: Readonly<Record<string, string>>;
}

/** Where an API server is, and what to show it. */
export interface ApiConnection {
  readonly url: URL;
  /** Asked before each new connection: tokens of a cluster expire, and a plug-in or file has the next one. */
  credentials(): Promise<Credentials>;
}

/**
 * The connection that a kubeconfig describes, with every way to log in that client-node knows (certificates, tokens, token
 * files, exec plug-ins, OIDC). The library is loaded here and not before: with the embedded API server a process that never
 * needs it stays 20 MB smaller.
 * @throws configError `InvalidKubeconfig`
 */
export async function connectionFromKubeconfig(path: string): Promise<ApiConnection> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
    const server = config.getCurrentCluster()?.server;
    if (!server) throw new Error('its current-context names no cluster');
    const url = new URL(server);
    if (url.protocol !== 'https:') throw new Error(`server "${server}" is not https`);
    return {
      url,
      async credentials() {
        const options: Record<string, unknown> = { headers: {} };
        await config.applyToHTTPSOptions(options);
        return { tls: tlsOf(options), headers: headersOf(options.headers) };
      },
    };
  } catch (error) {
    throw configError('InvalidKubeconfig', `Cannot use kubeconfig "${path}": ${describeError(error)}`);
  }
}

function tlsOf(options: Record<string, unknown>): Credentials['tls'] {
  const { ca, cert, key, rejectUnauthorized, servername } = options as Credentials['tls'];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function headersOf(headers: unknown): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries((headers ?? {}) as Record<string, unknown>)) result[name] = String(value);
  return result;
}
