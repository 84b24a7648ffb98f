/** The option of the commands that run workers. It has its own file, so that help loads no worker code. */
export const metricsOption = [
  '--metrics <host:port>',
  'serve metrics for Prometheus here, for instance 127.0.0.1:9464; keyturn_needs_operator is 1 while a rotation waits for a person',
] as const;
