// In: the signals that reach gcbend while it runs a command. Out: the same signals at the command, each once.
// A terminal sends Ctrl-C and Ctrl-\ to the whole foreground group, so the command has them already; `kill` reaches us alone.
import { readFileSync } from 'node:fs';

const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
const FROM_TERMINAL = new Set<NodeJS.Signals>(['SIGINT', 'SIGQUIT']);

/**
 * Whether a terminal would deliver Ctrl-C to this process and its children: we are in its foreground group.
 * From /proc/self/stat (`pid (comm) state ppid pgrp session tty tpgid`); elsewhere by whether a stream is a terminal.
 */
export function inForegroundGroup(): boolean {
  try {
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[2] === fields[5];
  } catch {
    return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY === true);
  }
}

/**
 * Passes signals on until the returned function is called. `onSignal` hears of each one first, passed on or not.
 * While this is in force no signal ends this process: the command decides, and its end is ours.
 */
export function passSignals(
  child: { kill(signal: NodeJS.Signals): boolean },
  onSignal: (signal: NodeJS.Signals) => void = () => {},
): () => void {
  const forwarded = process.platform === 'win32' ? (['SIGINT', 'SIGTERM', 'SIGHUP'] as const) : FORWARDED;
  const pass = (signal: NodeJS.Signals) => {
    onSignal(signal);
    if (!(FROM_TERMINAL.has(signal) && inForegroundGroup())) child.kill(signal);
  };
  for (const signal of forwarded) process.on(signal, pass);
  return () => {
    for (const signal of forwarded) process.removeListener(signal, pass);
  };
}
