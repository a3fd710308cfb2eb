import { isatty } from 'node:tty'

/**
 * Whether the process was started at a terminal. There SIGHUP says that the terminal has gone, and a program ends with it. A service
 * has none, and whoever sends it SIGHUP wants its files to be read again.
 */
export const isAtTerminal: boolean = isatty(0)
