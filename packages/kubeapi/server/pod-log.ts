import type { Objects } from '../objects/objects.ts';
import { textAt } from '../table/fields.ts';
import { type Reply, text } from './reply.ts';
import { type ApiRequest, targetOf } from './request.ts';
import { StatusError } from './status.ts';

/** What `kubectl logs` gets: nothing while a pod has no node, and the reason afterwards. @throws StatusError 404, 501 */
export function podLog(request: ApiRequest, objects: Objects): Reply {
  const pod = objects.get(targetOf(request));
  const node = textAt(pod, 'spec', 'nodeName');
  if (node === '') return text('');
  const why = `Cannot read the log of pod "${request.name}" on node "${node}": this server keeps pods, it does not run them`;
  throw new StatusError(501, '', `${why}; look on the node`);
}
