/** `npm run kube:start`: a real Kubernetes API server on loopback until Ctrl-C, for trying things by hand. */
import { findKubePrograms, startRealApiServer } from './real-api-server.ts';

const found = findKubePrograms();
if ('missing' in found) {
  console.error(`Cannot start a real API server: ${found.missing}`);
  process.exit(69);
}
const server = await startRealApiServer(found.programs);
console.log(`export KUBECONFIG=${server.kubeconfig}`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => server.stop().then(() => process.exit(0)));
}
