// PM2 in cluster mode: several processes on one port of one machine, for `pm2 start deploy/pm2/ecosystem.config.cjs`.
// Migrate before (`node dist/cli.js migrate`). `pm2 reload latchkey` replaces one process after the other.
const { availableParallelism } = require('node:os')

const processes = 2

module.exports = {
  apps: [{
    name: 'latchkey',
    cwd: '/opt/latchkey',
    script: 'dist/server.js',
    exec_mode: 'cluster',
    instances: processes,
    env: {
      NODE_ENV: 'production',
      PORT: '3000',
      // Each process has a port of its own for its metrics: 13000, 13001, …
      METRICS_PORT: '13000',
      // A hash takes a core, and the processes share the cores of the machine.
      HASH_CONCURRENCY: String(Math.max(1, Math.floor(availableParallelism() / processes)))
    },
    increment_var: 'METRICS_PORT',
    // Longer than SHUTDOWN_TIMEOUT (10 s) and the 5 s after which a process gives up.
    kill_timeout: 20_000,
    // A new process has so long to listen before the old one is stopped.
    listen_timeout: 60_000,
    exp_backoff_restart_delay: 200,
    out_file: '/var/log/latchkey/latchkey.log',
    error_file: '/var/log/latchkey/latchkey.log',
    merge_logs: true
  }]
}
