import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Who listens on a port. */
export interface PortOwner {
  readonly pid: number;
  readonly command: string;
}

/**
 * The process that listens on a TCP port, found as `ss -p` does: the socket's inode in /proc/net/tcp, then the process that
 * has it open. Undefined when it belongs to somebody whose descriptors we may not read, or when there is no /proc.
 */
export function portOwner(port: number, proc = '/proc'): PortOwner | undefined {
  const inodes = new Set(
    ['tcp', 'tcp6'].flatMap((table) => listeningInodes(read(join(proc, 'net', table)) ?? '', port)),
  );
  if (inodes.size === 0) return undefined;
  for (const pid of list(proc).filter((name) => /^\d+$/.test(name))) {
    const descriptors = join(proc, pid, 'fd');
    for (const fd of list(descriptors)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(join(descriptors, fd)) ?? '')?.[1];
      if (inode !== undefined && inodes.has(inode)) return { pid: Number(pid), command: commandOf(Number(pid), proc) };
    }
  }
  return undefined;
}

/** Inodes of the sockets that listen on `port`, from the text of /proc/net/tcp (proc(5)): state 0A is LISTEN. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${wanted}`) && fields[3] === '0A')
    .map((fields) => fields[9] ?? '');
}

/** The command line of a process; its bare name when it hides the line; empty when it is gone. */
export function commandOf(pid: number, proc = '/proc'): string {
  const line = (read(join(proc, String(pid), 'cmdline')) ?? '').replaceAll('\0', ' ').trim();
  return line === '' ? (read(join(proc, String(pid), 'comm')) ?? '').trim() : line;
}

/** A command line for people: which program it is comes before its flags for Node, and ends in time. Pure. */
export function briefCommand(line: string): string {
  const text = line.replace(/^\S*\bnode (?:--import \S+ |--\S+ )*/, 'node ');
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

/** Processes come and go while we look, and others' are closed to us: both read as absent. */
const read = (path: string): string | undefined => attempt(() => readFileSync(path, 'utf8'));
const link = (path: string): string | undefined => attempt(() => readlinkSync(path));
const list = (path: string): string[] => attempt(() => readdirSync(path)) ?? [];

function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
