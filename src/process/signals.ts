import { isatty } from 'node:tty'

/** An orchestrator, or a person at a terminal, stops a process with one of these. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]

/**
 * A fault of the process itself. With a listener, the fault would be repeated without end instead of ending the process:
 * the instruction that failed runs again, and JavaScript never does.
 */
export const FAULT_SIGNALS = ['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP'] as const

/**
 * Whether the process was started at a terminal. There, SIGHUP means that the terminal is gone, and a program ends with
 * it. A service has no terminal, and SIGHUP asks it to read its files again.
 */
export const isAtTerminal: boolean = isatty(0)
