/** How `cbi` itself ends. The values are an interface: scripts and schedulers read them. */
export const ExitCode = {
  done: 0,
  failed: 1,
  warnings: 2,
  usage: 64,
  dataRefused: 65,
  unavailable: 69,
  bug: 70,
  lockHeld: 75,
  held: 77,
  configInvalid: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
