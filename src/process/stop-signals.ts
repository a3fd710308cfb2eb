/** What asks a process to stop: an orchestrator, or a person at a terminal. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]
