/**
 * Stands in for `docker compose` where DocuElevate is simulated: `compose-command.js <control address> up -d --force-recreate api worker`.
 * Like the real one it returns when the containers have been started, before their processes are up.
 */
const [address = '', ...args] = process.argv.slice(2);

const { ok } = await fetch(address, { method: 'POST', body: JSON.stringify({ args }) });
process.exitCode = ok ? 0 : 1;
