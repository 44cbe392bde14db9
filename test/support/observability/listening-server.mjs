/** An MCP server over stdio behind somebody who writes down what it is sent: `node listening-server.mjs <journal> <program> <argument>…`. */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

const [journal, ...command] = process.argv.slice(2);
const server = spawn(process.execPath, command, { stdio: ['pipe', 'inherit', 'inherit'] });
process.stdin.on('data', (chunk) => {
  appendFileSync(journal, chunk);
  server.stdin.write(chunk);
});
process.stdin.on('end', () => server.stdin.end());
server.on('exit', (code) => process.exit(code ?? 1));
