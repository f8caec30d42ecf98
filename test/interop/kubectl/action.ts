import type { KubeConfig } from '@kubernetes/client-node';

/** Compares only a part of the answers. The reason stands beside it, and is printed with the table of actions. */
export interface Restriction {
  readonly reason: string;
  /** What remains of stdout, or of the JSON text a call returned. Applied to both sides alike. */
  readonly keep?: (output: string) => string;
  /** What remains of stderr. */
  readonly keepErrors?: (output: string) => string;
}

interface Named {
  /** What is done, as a short phrase; unique within its scenario. */
  readonly name: string;
  readonly restrict?: Restriction;
}

/** One run of kubectl, with the scenario's folder as working directory and its namespace as the default one. */
export interface KubectlAction extends Named {
  /** Arguments as one would type them; single and double quotes group words, nothing else is special. */
  readonly kubectl: string;
  readonly stdin?: string;
  /** For `kubectl edit`: a sed script that stands for the person at the editor. */
  readonly editor?: string;
  /**
   * Starts and goes on: the next action follows when this many lines were printed, or after a second when a run
   * that has begun says nothing (0). Ended by `collect`.
   */
  readonly background?: { readonly id: string; readonly lines: number };
}

/** Waits until the background run has printed so many lines in all, ends it, and compares what it printed. */
export interface CollectAction extends Named {
  readonly collect: string;
  readonly lines: number;
}

/** What a program with @kubernetes/client-node sees. The returned value is compared as JSON. */
export interface CallAction extends Named {
  readonly call: (context: CallContext) => Promise<unknown>;
}

export interface CallContext {
  readonly config: KubeConfig;
  readonly namespace: string;
}

export type Action = KubectlAction | CollectAction | CallAction;

/** Actions that build on each other, in a namespace of their own. Scenarios do not build on each other. */
export interface Scenario {
  /** Also the name of the namespace. */
  readonly name: string;
  /** Files in the working directory of each kubectl run. */
  readonly files?: Readonly<Record<string, string>>;
  /** Beginnings of names that the server completes with five random letters. */
  readonly generated?: readonly string[];
  /** Takes more than a minute, most of it waiting: runs beside the others, and each action may take 100 s. */
  readonly slow?: boolean;
  readonly actions: readonly Action[];
}

/** What one action answered, normalised. A call has exit code 0 and its JSON as stdout, or 1 and the error as stderr. */
export interface Answer {
  readonly action: string;
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Splits a command line into words. */
export function words(line: string): string[] {
  const found: string[] = [];
  const pattern = /(?:[^\s'"]+|'[^']*'|"[^"]*")+/g;
  for (const [word] of line.matchAll(pattern)) {
    found.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double ?? ''));
  }
  return found;
}
