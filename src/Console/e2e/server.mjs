// A server of its own for the tests, on a directory that is gone afterwards, and a browser that looks at it.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const root = resolve(import.meta.dirname, '../../..');
const tool = ['Release', 'Debug'].map((configuration) => join(root, `src/Cli/bin/${configuration}/net10.0/orleans-sqlite`)).find(existsSync);
const browsers = ['chromium', 'chromium-browser', 'google-chrome'];

export async function startServer(settings) {
  if (!tool) throw new Error('The tool is not built. Run dotnet build src/Cli.');
  const folder = mkdtempSync(join(tmpdir(), 'orleans-sqlite-console-'));
  const more = settings ? ['--settings', join(folder, 'settings.json')] : [];
  if (settings) writeFileSync(more[1], JSON.stringify(settings));
  const server = spawn(tool, ['serve', '--store', join(folder, 'store'), '--urls', 'http://127.0.0.1:0', ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
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
    async call(method, path, body, token) {
      const response = await fetch(`${address}/v1/databases/${path}`, {
        method,
        headers: { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
      return response.status === 204 ? undefined : response.json();
    },
    async rows(database, sql, level) {
      return (await this.call('POST', `${database}/query`, { sql, ...(level && { level }) })).rows;
    },
    async stop() {
      server.kill('SIGTERM');
      await once(server, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

export async function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? browsers.map((name) => which(name)).find(Boolean);
  if (!executablePath) throw new Error(`There is no ${browsers.join(', ')} here. Install one, or set CHROMIUM to where it is.`);
  // A browser that root starts, in a container, has no sandbox.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

function which(name) {
  try {
    return execFileSync('which', [name], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
