// The code on docs/LIBSQL.md is run as it stands there, but for the address.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from './server.mjs';

test('the code on LIBSQL.md is true', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/LIBSQL.md'), 'utf8');
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1]);
  assert.equal(blocks.length, 2);
  const server = await startServer();
  const said = [];
  const { log } = console;
  try {
    await server.create('app');
    console.log = (value) => said.push(value);
    for (const [i, block] of blocks.entries()) {
      const file = join(import.meta.dirname, `.block-${process.pid}-${i}.mjs`);
      writeFileSync(file, block.replaceAll('127.0.0.1:8080', new URL(server.address).host));
      try {
        await import(file);
      } finally {
        rmSync(file);
      }
    }
  } finally {
    console.log = log;
    await server.stop();
  }
  assert.deepEqual(said, [1, true]);
});
