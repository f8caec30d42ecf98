import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Replaces a file so that a reader sees the old text or the new, never a part. Mode 0600. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
