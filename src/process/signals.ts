import { isatty } from 'node:tty'

/** An orchestrator, or a person at a terminal, stops a process with one of these. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]

/**
 * Whether the process was started at a terminal. There, SIGHUP means that the terminal is gone, and a program ends with
 * it. A service has no terminal, and SIGHUP asks it to read its files again.
 */
export const isAtTerminal: boolean = isatty(0)
