// A server of its own for the tests, on a directory that is gone afterwards.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const tool = ['Release', 'Debug'].map((configuration) => join(root, `src/Cli/bin/${configuration}/net10.0/orleans-sqlite`)).find(existsSync);

export async function startServer() {
  if (!tool) throw new Error('The tool is not built. Run dotnet build src/Cli.');
  const store = mkdtempSync(join(tmpdir(), 'orleans-sqlite-libsql-'));
  const server = spawn(tool, ['serve', '--store', store, '--urls', 'http://127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await new Promise((found, failed) => {
    let said = '';
    server.stdout.on('data', (text) => {
      said += text;
      const listening = /listening\s+(http:\S+)/.exec(said);
      if (listening) found(listening[1]);
    });
    server.once('exit', (code) => failed(new Error(`The server ended with ${code}: ${said}`)));
  });
  return {
    address,
    /** Makes a database, and gives the addresses that clients take for it. */
    async create(database) {
      const response = await fetch(`${address}/v1/databases/${database}`, { method: 'PUT' });
      if (!response.ok) throw new Error(await response.text());
      const http = `${address}/db/${database}/`;
      return { http, ws: http.replace('http:', 'ws:') };
    },
    async stop() {
      server.kill('SIGTERM');
      await once(server, 'exit');
      rmSync(store, { recursive: true });
    },
  };
}
