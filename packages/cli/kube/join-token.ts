import { isCode, type KubeClient } from './client.ts';
import { kubePaths } from './paths.ts';

/** The token with which a gateway enrols, from the Secret where KubeEdge's CloudCore keeps it too; undefined while there is none. */
export async function readJoinToken(client: KubeClient): Promise<string | undefined> {
  try {
    const secret = (await client.get(kubePaths.joinToken)) as { data?: Record<string, string> };
    const encoded = secret.data?.tokendata;
    return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8').trim();
  } catch (error) {
    if (isCode(error, 'NotFound')) return undefined;
    throw error;
  }
}
