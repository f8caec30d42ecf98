import { type Manager, managerKey } from './managers.ts';
import type { Overlap } from './ownership.ts';
import { type Path, pathText } from './path-element.ts';

/** One field that an apply would take from somebody else. */
export interface Conflict {
  readonly manager: Manager;
  readonly path: Path;
}

/** Every field of every overlap, by manager and then by path. */
export function conflictsOf(overlaps: readonly Overlap[]): Conflict[] {
  const byKey = [...overlaps].sort((a, b) => (managerKey(a.manager) < managerKey(b.manager) ? -1 : 1));
  return byKey.flatMap(({ manager, fields }) => fields.paths().map((path) => ({ manager, path })));
}

/** The message of the 409 that answers a conflicting apply, as the original words it. */
export function conflictMessage(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first !== undefined && conflicts.length === 1) {
    return `Apply failed with 1 conflict: conflict with ${managerText(first.manager)}: ${pathText(first.path)}`;
  }
  const lines: string[] = [];
  let last: Manager | undefined;
  for (const { manager, path } of conflicts) {
    if (manager !== last) lines.push(`conflicts with ${managerText(manager)}:`);
    last = manager;
    lines.push(`- ${pathText(path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** The causes in the details of that 409. */
export function conflictCauses(conflicts: readonly Conflict[]): { reason: string; message: string; field: string }[] {
  return conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field: pathText(path),
  }));
}

function managerText(manager: Manager): string {
  const name = JSON.stringify(manager.name);
  const where = manager.subresource === '' ? name : `${name} with subresource ${JSON.stringify(manager.subresource)}`;
  return manager.operation === 'Update' ? `${where} using ${manager.apiVersion}` : where;
}
