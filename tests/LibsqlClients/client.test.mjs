// @libsql/client, unchanged, by HTTP and by WebSocket.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@libsql/client';
import { startServer } from './server.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

for (const protocol of ['http', 'ws']) {
  describe(`@libsql/client by ${protocol}`, () => {
    let client, url;
    let count = 0;

    const fresh = async (...schema) => {
      url = (await server.create(`${protocol}-${++count}`))[protocol];
      client = createClient({ url });
      if (schema.length > 0) await client.batch(schema, 'write');
    };

    test('rows are made, read, changed and deleted', async () => {
      await fresh('create table t (id integer primary key, name text)');
      const made = await client.execute({ sql: 'insert into t(name) values (?), (?)', args: ['one', 'two'] });
      assert.equal(made.rowsAffected, 2);
      assert.equal(made.lastInsertRowid, 2n);
      assert.equal((await client.execute({ sql: 'update t set name = :to where name = :from', args: { from: 'two', to: 'zwei' } })).rowsAffected, 1);
      const read = await client.execute('select id, name from t order by id');
      assert.deepEqual(read.columns, ['id', 'name']);
      assert.deepEqual(read.columnTypes, ['INTEGER', 'TEXT']);
      assert.deepEqual(read.rows.map((row) => [row.id, row[1]]), [[1, 'one'], [2, 'zwei']]);
      assert.equal((await client.execute('delete from t')).rowsAffected, 2);
      client.close();
    });

    test('values come back as they were sent', async () => {
      await fresh();
      const big = createClient({ url, intMode: 'bigint' });
      const blob = new Uint8Array([0, 1, 254, 255]);
      const row = (await big.execute({ sql: 'select ?, ?, ?, ?, ?, ?', args: [9223372036854775807n, -9223372036854775808n, 0.1, 'Grüße 😀', blob, null] })).rows[0];
      assert.deepEqual([row[0], row[1], row[2], row[3], new Uint8Array(row[4]), row[5]], [9223372036854775807n, -9223372036854775808n, 0.1, 'Grüße 😀', blob, null]);
      big.close();
      await assert.rejects(client.execute('select 9223372036854775807'), RangeError);
      client.close();
    });

    test('a batch is all or nothing', async () => {
      await fresh('create table t (a unique)');
      await assert.rejects(
        client.batch(['insert into t values (1)', { sql: 'insert into t values (?)', args: [1] }], 'write'),
        (error) => error.code.startsWith('SQLITE_CONSTRAINT') && /UNIQUE/.test(error.message));
      assert.equal((await client.execute('select count(*) from t')).rows[0][0], 0);
      const results = await client.batch(['insert into t values (2) returning a', 'select count(*) from t'], 'write');
      assert.deepEqual(results.map((result) => result.rows[0][0]), [2, 1]);
      assert.equal((await client.batch(['select a from t', 'select 7'], 'read'))[1].rows[0][0], 7);
      client.close();
    });

    test('statements that follow each other run as one text, and a migration without foreign keys', async () => {
      await fresh();
      await client.executeMultiple('create table a(x); create table b(x); insert into a values (1), (2);');
      assert.equal((await client.execute('select count(*) from a')).rows[0][0], 2);
      await client.migrate(['alter table a add column y', 'insert into b values (3)']);
      assert.deepEqual((await client.execute('select * from a')).columns, ['x', 'y']);
      client.close();
    });

    test('an interactive transaction commits, rolls back, and is gone when it is closed', async () => {
      await fresh('create table t (id integer primary key, a)');
      const kept = await client.transaction('write');
      assert.equal((await kept.execute('insert into t(a) values (1)')).lastInsertRowid, 1n);
      assert.equal((await client.execute('select count(*) from t')).rows[0][0], 0);
      assert.equal((await kept.execute('select count(*) from t')).rows[0][0], 1);
      await kept.batch(['insert into t(a) values (2)', 'insert into t(a) values (3)']);
      await kept.commit();
      for (const end of ['rollback', 'close']) {
        const dropped = await client.transaction('deferred');
        await dropped.execute('delete from t');
        await dropped[end]();
      }
      assert.equal((await client.execute('select count(*) from t')).rows[0][0], 3);
      const reader = await client.transaction('read');
      assert.equal((await reader.execute('select count(*) from t')).rows[0][0], 3);
      await assert.rejects(reader.execute('delete from t'));
      reader.close();
      client.close();
    });

    test('two clients that insert at once both commit, with the ids that they were told', async () => {
      await fresh('create table t (id integer primary key autoincrement, who text)');
      const told = [];
      await Promise.all(['a', 'b', 'c', 'd'].map(async (who) => {
        const own = createClient({ url });
        for (let round = 0; round < 5; round++) {
          const transaction = await own.transaction('write');
          for (let i = 0; i < 2; i++) {
            told.push(`${(await transaction.execute({ sql: 'insert into t(who) values (?)', args: [who] })).lastInsertRowid} ${who}`);
          }
          await transaction.commit();
        }
        own.close();
      }));
      const rows = (await client.execute('select id, who from t')).rows.map((row) => `${row.id} ${row.who}`);
      assert.equal(told.length, 40);
      assert.deepEqual(rows.sort(), told.sort());
      client.close();
    });

    test('two clients that read and write the same row: one conflicts, and succeeds when it runs again', async () => {
      await fresh('create table t (n)', 'insert into t values (0)');
      const add = async () => {
        for (let tries = 0; ; tries++) {
          const transaction = await client.transaction('write');
          try {
            const n = (await transaction.execute('select n from t')).rows[0].n;
            await new Promise((later) => setTimeout(later, 20));
            await transaction.execute({ sql: 'update t set n = ?', args: [n + 1] });
            await transaction.commit();
            return tries;
          } catch (error) {
            assert.match(error.code, /SQLITE_ABORT/);
          } finally {
            transaction.close();
          }
        }
      };
      const tries = await Promise.all([add(), add(), add()]);
      assert.equal((await client.execute('select n from t')).rows[0].n, 3);
      assert.ok(Math.max(...tries) > 0);
      client.close();
    });

    test('errors have a code and a message', async () => {
      await fresh();
      await assert.rejects(client.execute('selec'), (error) => error.code === 'SQLITE_ERROR' && /syntax/.test(error.message));
      await assert.rejects(client.execute("attach 'x.db' as x"), (error) => error.code === 'SQLITE_AUTH');
      const nowhere = createClient({ url: url.replace(/[^/]+\/$/, 'nowhere/') });
      await assert.rejects(nowhere.execute('select 1'), (error) => error.code === 'DATABASE_NOT_FOUND');
      nowhere.close();
      client.close();
    });

    test('a large result and many statements at once', async () => {
      await fresh('create table t (a)');
      await client.batch(Array.from({ length: 500 }, (_, i) => ({ sql: 'insert into t values (?)', args: [`${i} ${'x'.repeat(200)}`] })), 'write');
      assert.equal((await client.execute('select * from t, (values (1), (2), (3))')).rows.length, 1500);
      const counts = await Promise.all(Array.from({ length: 50 }, () => client.execute('select count(*) from t')));
      assert.ok(counts.every((result) => result.rows[0][0] === 500));
      client.close();
    });
  });
}
