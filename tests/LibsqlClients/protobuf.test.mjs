// The client under @libsql/client, asked for version 3: over HTTP it looks for protobuf first, and over a WebSocket it offers it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BatchCond, openHttp, openWs } from '@libsql/hrana-client';
import { startServer } from './server.mjs';

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

for (const protocol of ['http', 'ws']) {
  describe(`@libsql/hrana-client in protobuf by ${protocol}`, () => {
    let client, stream, paths;

    before(async () => {
      paths = [];
      const url = (await server.create(`protobuf-${protocol}`))[protocol];
      client = protocol === 'ws' ? openWs(url, undefined, 3) : openHttp(url, undefined, async (request) => {
        paths.push(new URL(request.url).pathname.split('/').slice(3).join('/'));
        return fetch(request);
      }, undefined, 3);
      client.intMode = 'bigint';
      assert.equal(await client.getVersion(), 3);
      stream = client.openStream();
      // The first SQL that this server sees.
      await stream.sequence('create table t (id integer primary key, v); create index i on t(v)');
    });

    after(() => {
      stream.close();
      client.close();
      if (protocol === 'http') assert.deepEqual([...new Set(paths)].sort(), ['v3-protobuf', 'v3-protobuf/cursor', 'v3-protobuf/pipeline']);
    });

    test('values come back as they were sent', async () => {
      const blob = new Uint8Array([0, 1, 254, 255]);
      const values = [9223372036854775807n, -9223372036854775808n, 0.1, -1e308, 'Grüße 😀', '', null];
      const { row } = await stream.queryRow([`select ${[...values, blob].map(() => '?').join(', ')}`, [...values, blob]]);
      assert.deepEqual([...Array(values.length).keys()].map((i) => row[i]), values);
      assert.deepEqual(new Uint8Array(row[values.length]), blob);
    });

    test('names, counts and ids', async () => {
      const made = await stream.run(['insert into t(v) values (:a), (:b)', { a: 'one', b: 2n }]);
      assert.deepEqual([made.affectedRowCount, made.lastInsertRowid], [2, 2n]);
      const read = await stream.query('select id, v from t order by id');
      assert.deepEqual([read.columnNames, read.columnDecltypes], [['id', 'v'], ['INTEGER', undefined]]);
      assert.deepEqual(read.rows.map((row) => row.v), ['one', 2n]);
    });

    test('errors have their codes', async () => {
      await assert.rejects(stream.run('selec'), { code: 'SQLITE_ERROR' });
      await assert.rejects(stream.run('insert into t(id) values (1)'), { code: 'SQLITE_CONSTRAINT' });
    });

    for (const useCursor of [false, true]) {
      test(`a batch runs its steps on conditions, ${useCursor ? 'by cursor' : 'at once'}`, async () => {
        const batch = stream.batch(useCursor);
        const begin = batch.step();
        const begun = begin.run('begin');
        const read = batch.step().condition(BatchCond.ok(begin)).query('with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) select i from n');
        const fails = batch.step();
        const failed = fails.run('selec');
        const left = batch.step().condition(BatchCond.ok(fails)).run('select 1');
        const rolled = batch.step().condition(BatchCond.not(BatchCond.ok(fails))).run('rollback');
        const outcomes = Promise.allSettled([begun, read, failed, left, rolled]);
        await batch.execute();
        const [, rows, error, nothing, end] = await outcomes;
        assert.equal(rows.value.rows.length, 5000);
        assert.equal(rows.value.rows[4999][0], 5000n);
        assert.equal(error.reason.code, 'SQLITE_ERROR');
        assert.equal(nothing.value, undefined);
        assert.equal(end.status, 'fulfilled');
        assert.equal(await stream.getAutocommit(), true);
      });
    }

    test('stored SQL and descriptions', async () => {
      const sql = (protocol === 'ws' ? client : stream).storeSql('select v from t where id = :id');
      assert.equal((await stream.queryValue([sql, { id: 1 }])).value, 'one');
      const described = await stream.describe(sql);
      assert.deepEqual([described.paramNames, described.isReadonly, described.isExplain], [[':id'], true, false]);
      sql.close();
    });
  });
}
