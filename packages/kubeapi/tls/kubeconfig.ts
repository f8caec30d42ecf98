import type { Credentials } from './credentials.ts';

/** A kubeconfig that reaches `url` with these credentials. */
export function kubeconfigOf(url: string, credentials: Credentials): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: selvedge
  cluster:
    server: ${url}
    certificate-authority-data: ${base64(credentials.authority)}
users:
- name: selvedge-admin
  user:
    client-certificate-data: ${base64(credentials.client.certificate)}
    client-key-data: ${base64(credentials.client.key)}
contexts:
- name: selvedge
  context:
    cluster: selvedge
    user: selvedge-admin
current-context: selvedge
preferences: {}
`;
}
