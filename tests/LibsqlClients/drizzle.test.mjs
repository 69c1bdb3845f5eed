// Drizzle over @libsql/client, by HTTP and by WebSocket.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@libsql/client';
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { startServer } from './server.mjs';

const users = sqliteTable('users', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  name: text('name').notNull(),
  since: integer('since', { mode: 'timestamp' }),
});

let server;
before(async () => { server = await startServer(); });
after(() => server.stop());

for (const protocol of ['http', 'ws']) {
  describe(`Drizzle by ${protocol}`, () => {
    const open = async (name) => {
      const client = createClient({ url: (await server.create(name))[protocol] });
      const db = drizzle(client);
      await db.run(sql`create table users (id integer primary key autoincrement, name text not null, since integer)`);
      return { client, db };
    };

    test('queries are built, run and read', async () => {
      const { client, db } = await open(`drizzle-${protocol}`);
      const since = new Date('2026-01-02T03:04:05Z');
      assert.deepEqual(await db.insert(users).values([{ name: 'Ada', since }, { name: 'Bob' }]).returning({ id: users.id }), [{ id: 1 }, { id: 2 }]);
      assert.deepEqual(await db.select().from(users).where(eq(users.name, 'Ada')), [{ id: 1, name: 'Ada', since }]);
      await db.update(users).set({ name: 'Bobby' }).where(eq(users.id, 2));
      await db.insert(users).values({ id: 2, name: 'x' }).onConflictDoUpdate({ target: users.id, set: { name: 'Robert' } });
      assert.equal((await db.select().from(users).where(eq(users.id, 2)).get()).name, 'Robert');
      const [all] = await db.batch([db.select().from(users), db.delete(users)]);
      assert.equal(all.length, 2);
      assert.equal((await db.select().from(users)).length, 0);
      client.close();
    });

    test('transactions that race with returning ids all commit; one that throws is rolled back', async () => {
      const { client, db } = await open(`drizzle-race-${protocol}`);
      const ids = await Promise.all(Array.from({ length: 6 }, (_, i) => db.transaction(async (tx) => {
        const [{ id }] = await tx.insert(users).values({ name: `user ${i}` }).returning({ id: users.id });
        assert.equal((await tx.select().from(users).where(eq(users.id, id)).get()).name, `user ${i}`);
        return id;
      })));
      assert.equal(new Set(ids).size, 6);
      await assert.rejects(db.transaction(async (tx) => {
        await tx.delete(users);
        throw new Error('no');
      }));
      assert.deepEqual((await db.select().from(users)).map((user) => user.id).sort(), ids.sort());
      client.close();
    });
  });
}
