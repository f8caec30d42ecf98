import { isTerminating } from '../objects/metadata.ts';
import type { Objects } from '../objects/objects.ts';
import type { Resource } from '../resources/resource.ts';
import type { Change } from '../store/store.ts';
import { type Controller, controllerContext } from './controller.ts';

const account = 'default';

/** Gives every namespace the service account `default`, which pods name when they name none. The key is the namespace. */
export class ServiceAccountController implements Controller {
  readonly name = 'service accounts';
  readonly #objects: Objects;
  readonly #namespaces: Resource;
  readonly #accounts: Resource;

  constructor(objects: Objects) {
    this.#objects = objects;
    this.#namespaces = objects.registry.require('', 'v1', 'namespaces');
    this.#accounts = objects.registry.require('', 'v1', 'serviceaccounts');
  }

  keys(): Iterable<string> {
    return this.#objects.store.list(this.#namespaces.storage).map(({ name }) => name);
  }

  keysAfter({ resource, type, namespace, name }: Change): Iterable<string> {
    if (resource === this.#namespaces.storage && type === 'ADDED') return [name];
    const lost = resource === this.#accounts.storage && type === 'DELETED' && name === account;
    return lost ? [namespace] : [];
  }

  reconcile(name: string): void {
    const namespace = this.#objects.find(this.#namespaces, '', name);
    if (namespace === undefined || isTerminating(namespace)) return;
    if (this.#objects.find(this.#accounts, name, account) !== undefined) return;
    this.#objects.create(this.#accounts, name, { metadata: { name: account } }, controllerContext());
  }
}
