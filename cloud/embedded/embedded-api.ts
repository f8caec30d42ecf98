import type { Clock } from '@selvedge/base/clock';
import { bug } from '@selvedge/base/errors';
import type { Logger } from '@selvedge/base/log';
import type { AdmissionHook } from '@selvedge/kubeapi/objects/admission';
import { parse } from 'yaml';

export interface EmbeddedApi {
  readonly url: URL;
  readonly port: number;
  /** Fits what the requests of this process need: over HTTPS like any other client. */
  credentials(): Promise<{ readonly tls: { readonly ca: string }; readonly headers: Readonly<Record<string, string>> }>;
  stop(): Promise<void>;
}

export interface EmbeddedApiOptions {
  readonly dir: string;
  readonly port: number;
  readonly kubeconfigFile: string;
  readonly admission: readonly AdmissionHook[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Starts the API server of packages/kubeapi in this process, on loopback; its kubeconfig is for its owner only (0600). */
export async function startEmbeddedApi(options: EmbeddedApiOptions): Promise<EmbeddedApi> {
  // Loaded here and not before: on a real cluster nothing of it is needed.
  const { createApiServer } = await import('@selvedge/kubeapi/server');
  const server = await createApiServer({ ...options, host: '127.0.0.1' });
  const ca = authorityOf(server.kubeconfig);
  return {
    url: new URL(server.url),
    port: server.port,
    credentials: async () => ({ tls: { ca }, headers: { authorization: `Bearer ${server.token}` } }),
    stop: () => server.stop(),
  };
}

function authorityOf(kubeconfig: string): string {
  const parsed = parse(kubeconfig) as { clusters?: { cluster?: { 'certificate-authority-data'?: string } }[] };
  const data = parsed.clusters?.[0]?.cluster?.['certificate-authority-data'];
  if (data === undefined)
    throw bug('NoAuthority', 'Cannot use the embedded API server: its kubeconfig names no authority');
  return Buffer.from(data, 'base64').toString('utf8');
}
