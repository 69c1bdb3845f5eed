// The console as somebody uses it: in a real browser, against a real server.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { startBrowser, startServer } from './server.mjs';

let server, browser, page, complaints;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  page.setDefaultTimeout(10_000);
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => /Content Security Policy|Refused/.test(message.text()) && complaints.push(message.text()));
});
afterEach(async () => {
  await page.close();
  assert.deepEqual(complaints, [], 'the page has errors, or was stopped by its own policy');
});

const open = (where) => page.goto(`${server.address}/#/${where}`);
const grid = () => page.getByRole('grid');
const cell = (text) => grid().getByRole('gridcell', { name: text, exact: true });
const status = () => page.locator('.sql-bar [role=status]');

async function make(name, ...batches) {
  await server.call('PUT', name);
  for (const statements of batches) await server.call('POST', `${name}/execute`, { statements: [].concat(statements) });
}

async function write(sql) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  // Text that replaces other text directly is given that one's style by the browser, which the page's policy then stops.
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(sql);
}

async function run(sql) {
  await write(sql);
  await page.keyboard.press('Control+Enter');
}

test('a database is made, written and read', async () => {
  await open('');
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByLabel('Name').fill('first');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name: 'first' }).waitFor();
  await run("CREATE TABLE tea(name TEXT, price REAL); INSERT INTO tea VALUES ('Assam', 2), ('Sencha', 3.5);");
  await status().getByText('2 statements, 2 rows changed · version 1').waitFor();
  await run('SELECT name, price, 9007199254740993 AS big, NULL AS none FROM tea ORDER BY name');
  await status().getByText('2 rows · version 1').waitFor();
  assert.deepEqual(await grid().getByRole('row').nth(1).getByRole('gridcell').allTextContents(), ['Assam', '2.0', '9007199254740993', 'NULL']);
  assert.deepEqual(await server.rows('first', 'SELECT name FROM tea ORDER BY name'), [['Assam'], ['Sencha']]);
});

test('a name that is no name is refused in the server\'s words, and nothing typed is lost', async () => {
  await open('');
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByLabel('Name').fill('No Name');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('alert').getByText(/name/i).waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), 'No Name');
});

test('an error stands at its place, and a transaction that fails changes nothing', async () => {
  await make('wrong', 'CREATE TABLE t(a)');
  await open('wrong/sql');
  await run("INSERT INTO t VALUES (1);\nSELECT ';', 'nope' -- nope\nFROM t WHERE nope = 1");
  await page.getByRole('alert').getByText('no such column: nope').waitFor();
  const mark = page.locator('.cm-lintRange-error');
  assert.equal(await mark.textContent(), 'nope');
  assert.match(await page.locator('.cm-line', { has: mark }).textContent(), /^FROM t WHERE/);
  assert.deepEqual(await server.rows('wrong', 'SELECT count(*) FROM t'), [[0]]);
  await run('selec 1');
  await page.getByRole('alert').getByText('near "selec": syntax error').waitFor();
  assert.equal(await mark.textContent(), 'selec');
  await page.keyboard.type(' ');
  await mark.waitFor({ state: 'detached' });
});

test('only what is selected runs, and a trigger is one statement', async () => {
  await make('parts', 'CREATE TABLE t(a); CREATE TABLE log(a)'.split('; '));
  await open('parts/sql');
  await run('CREATE TRIGGER note AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); SELECT CASE WHEN 1 THEN 2 END; END;\nINSERT INTO t VALUES (7)');
  await status().getByText('2 statements').waitFor();
  assert.deepEqual(await server.rows('parts', 'SELECT a FROM log'), [[7]]);
  await write('DELETE FROM t;\nSELECT a FROM t');
  await page.keyboard.press('Control+End');
  await page.keyboard.press('Shift+Home');
  await page.keyboard.press('Control+Enter');
  await cell('7').waitFor();
  assert.deepEqual(await server.rows('parts', 'SELECT count(*) FROM t'), [[1]]);
});

test('names of tables and columns complete', async () => {
  await make('names', 'CREATE TABLE warehouse(shelf_number INTEGER, label TEXT)');
  await open('names/sql');
  await page.locator('.cm-content').click();
  await page.keyboard.type('select * from ware');
  await page.locator('.cm-tooltip-autocomplete').getByText('warehouse').waitFor();
  await page.waitForTimeout(150); // A completion takes no Enter that came too soon to have been meant for it.
  await page.keyboard.press('Enter');
  await page.keyboard.type(' where shel');
  await page.locator('.cm-tooltip-autocomplete').getByText('shelf_number').waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press('Enter');
  assert.equal((await page.locator('.cm-line').allTextContents()).join(''), 'select * from warehouse where shelf_number');
});

test('a hundred thousand rows are one grid, of which only those in sight are in the page', async () => {
  await make('large');
  await open('large/sql');
  await run('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, i * 2 AS double, \'row \' || i AS name FROM n');
  await status().getByText('100 000 rows · version 0').waitFor({ timeout: 30_000 });
  assert.equal(await grid().getAttribute('aria-rowcount'), '100001');
  assert.ok(await grid().getByRole('row').count() < 80);
  await grid().focus();
  const began = Date.now();
  await page.keyboard.press('Control+End');
  await cell('row 100000').waitFor();
  assert.ok(Date.now() - began < 1000);
  assert.equal(await page.locator('.grid-value output').textContent(), 'row 100000');
  await page.keyboard.press('Control+Home');
  await cell('row 1').waitFor();
  await run('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100001) SELECT i FROM n');
  await status().getByText('the first 100 000 rows of more').waitFor({ timeout: 30_000 });
});

test('a row is changed, made and deleted by the SQL that is shown before', async () => {
  await make('rows', ["CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL, note TEXT DEFAULT 'fresh')", "INSERT INTO item(name, price) VALUES ('tea', 2.5), ('milk', 1)"]);
  await open('rows/data/item');
  await cell('tea').dblclick();
  await page.getByLabel(/^price/).fill('3');
  await page.getByText('UPDATE item\nSET price = 3.0\nWHERE id = 1\n  AND price IS 2.5').waitFor();
  await page.getByRole('button', { name: 'Update row' }).click();
  await cell('3.0').waitFor();
  assert.deepEqual(await server.rows('rows', 'SELECT price, typeof(price) FROM item WHERE id = 1'), [[3, 'real']]);

  await page.getByRole('button', { name: 'New row' }).click();
  await page.getByLabel(/^name/).fill("O'Neill");
  await page.getByText("INSERT INTO item (name)\nVALUES ('O''Neill')").waitFor();
  await page.getByRole('button', { name: 'Insert row' }).click();
  await cell("O'Neill").waitFor();

  // By the keyboard alone: the second row, and away with it.
  await grid().focus();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByLabel('Delete this row').focus();
  await page.keyboard.press('Space');
  await page.getByText(/DELETE FROM item\nWHERE id = 2/).waitFor();
  await page.getByRole('button', { name: 'Delete row' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(await server.rows('rows', 'SELECT id, name, note FROM item ORDER BY id'), [[1, 'tea', 'fresh'], [3, "O'Neill", 'fresh']]);
});

test('a row that somebody else has changed in between is left as it is', async () => {
  await make('race', ['CREATE TABLE item(name TEXT, price INTEGER)', "INSERT INTO item VALUES ('tea', 1)"]);
  await open('race/data/item');
  await cell('tea').dblclick();
  await page.getByLabel(/^price/).fill('5');
  await server.call('POST', 'race/execute', { statements: ['UPDATE item SET price = 9'] });
  await page.getByRole('button', { name: 'Update row' }).click();
  await page.getByRole('alert').getByText('Nothing was changed').waitFor();
  assert.equal(await page.getByLabel(/^price/).inputValue(), '5');
  assert.deepEqual(await server.rows('race', 'SELECT price FROM item'), [[9]]);
});

test('bad input into a field is told there, and a constraint in the server\'s words', async () => {
  await make('fields', ['CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER CHECK (n > 0), b BLOB)', 'INSERT INTO t VALUES (1, 1, NULL)']);
  await open('fields/data/t');
  await grid().focus();
  await page.keyboard.press('Enter');
  await page.getByLabel(/^n integer/).fill('12x');
  await page.getByRole('alert').getByText('Write a whole number.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Update row' }).isDisabled());
  await page.getByLabel(/^n integer/).fill('-1');
  await page.getByRole('button', { name: 'Update row' }).click();
  await page.getByRole('alert').getByText(/CHECK constraint failed/).waitFor();
  await page.getByLabel(/^n integer/).fill('9223372036854775807');
  await page.getByLabel(/^b blob/).fill('00ff');
  await page.getByRole('button', { name: 'Update row' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(await server.rows('fields', "SELECT n || '', hex(b) FROM t"), [['9223372036854775807', '00FF']]);
});

test('the past is looked at, forked and restored', async () => {
  await make('past', 'CREATE TABLE t(a)', "INSERT INTO t VALUES ('one')", "INSERT INTO t VALUES ('two')", 'DELETE FROM t');
  await open('past/data/t');
  await page.getByText('0 rows').waitFor();
  await page.getByRole('slider', { name: 'Version' }).focus();
  await page.keyboard.press('ArrowLeft');
  await page.getByText('As it was at version 3').waitFor();
  await cell('two').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.getByText('As it was at version 2').waitFor();
  await cell('two').waitFor({ state: 'detached' });
  assert.equal(await cell('one').count(), 1);
  assert.equal(await page.getByRole('button', { name: 'New row' }).count(), 0);

  await page.getByRole('button', { name: 'Fork from here' }).click();
  await page.getByLabel('Name of the fork').fill('past-of-two');
  await page.getByRole('button', { name: 'Fork', exact: true }).last().click();
  await page.getByRole('heading', { name: 'past-of-two' }).waitFor();
  assert.deepEqual(await server.rows('past-of-two', 'SELECT a FROM t'), [['one']]);

  await open('past/history');
  await page.getByRole('button', { name: 'Look at version 3' }).click();
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click();
  await page.getByText('version 5 ·').waitFor();
  assert.deepEqual(await server.rows('past', 'SELECT a FROM t'), [['one'], ['two']]);
});

test('SQL in the past reads that version, and nothing is written there', async () => {
  await make('then', 'CREATE TABLE t(a)', 'INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES (2)');
  await open('then@2/sql');
  await run('SELECT count(*) AS n FROM t');
  await status().getByText('1 row · version 2').waitFor();
  assert.equal(await grid().getByRole('gridcell').textContent(), '1');
  await run('DELETE FROM t');
  await page.getByRole('alert').getByText('A version of the past is only read').waitFor();
  assert.deepEqual(await server.rows('then', 'SELECT count(*) FROM t'), [[2]]);
});

test('the schema says what there is', async () => {
  await make('plan', ['CREATE TABLE a(id INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT \'x\', c AS (b || 1))', 'CREATE INDEX by_b ON a(b)', 'CREATE VIEW v AS SELECT b FROM a']);
  await open('plan/schema');
  const table = page.getByRole('article', { name: 'a', exact: true });
  await table.getByText("not null · default 'x'").waitFor();
  await table.getByText('generated').waitFor();
  await table.getByText('index by_b', { exact: true }).click();
  await table.getByText('CREATE INDEX by_b ON a(b)').waitFor();
  await page.getByRole('button', { name: 'v', exact: true }).click();
  await page.getByRole('grid', { name: 'v' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'New row' }).count(), 0);
});

test('a database is deleted by whoever types its name', async () => {
  await make('gone', 'CREATE TABLE t(a)');
  await open('gone/sql');
  await page.getByRole('button', { name: 'Delete' }).click();
  const really = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
  assert.ok(await really.isDisabled());
  await page.getByLabel('Type gone to confirm').fill('gone');
  await really.click();
  await page.getByRole('heading', { name: 'This server' }).waitFor();
  await assert.rejects(server.call('GET', 'gone'), /database-not-found/);
});

test('a token is sent with every request, and kept in this tab alone', async () => {
  const seen = [];
  await page.route('**/v1/**', (route) => {
    const sent = route.request().headers()['authorization'];
    seen.push(sent);
    return sent === 'Bearer secret' ? route.continue() : route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{"detail":"A token is needed."}' });
  });
  await open('');
  await page.getByRole('alert').getByText('A token is needed.').first().waitFor();
  await page.getByLabel('Bearer token').fill('secret');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor({ state: 'detached' });
  assert.equal(seen.at(-1), 'Bearer secret');
  assert.deepEqual(await page.evaluate(() => [Object.values(sessionStorage), Object.values(localStorage), document.cookie]), [['secret'], [], '']);
});

test('where there is a login, who has a token sees what its scope grants', async () => {
  const listed = (name, scope) => ({ Name: name, Hash: `sha256:${createHash('sha256').update(`${name}-token`).digest('hex')}`, Scope: scope });
  const guarded = await startServer({ Server: { Access: { Tokens: [listed('admin', 'admin:*'), listed('reader', 'read:app')] } } });
  try {
    for (const name of ['app', 'hidden']) await guarded.call('PUT', name, undefined, 'admin-token');
    await guarded.call('POST', 'app/execute', { statements: ['CREATE TABLE t(a)', "INSERT INTO t VALUES ('seen')"] }, 'admin-token');
    await page.goto(`${guarded.address}/#/`);
    await page.getByRole('alert').first().waitFor();
    await page.getByLabel('Bearer token').fill('reader-token');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: /^app/ }).first().waitFor();
    assert.equal(await page.getByRole('link', { name: /^hidden/ }).count(), 0);
    await page.goto(`${guarded.address}/#/app/data/t`);
    await cell('seen').waitFor();
    await page.goto(`${guarded.address}/#/app/sql`);
    await write('DELETE FROM t');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/does not grant write/).first().waitFor();
  } finally {
    await guarded.stop();
  }
});

test('the meters show what the counters say, and what that costs', async () => {
  let commits = 100;
  await page.route('**/metrics', (route) => route.fulfill({
    contentType: 'text/plain',
    body: `# TYPE orleans_sqlite_commits counter\norleans_sqlite_commits_total{otel_scope_name="x"} ${(commits += 100)}\norleans_sqlite_transactions_total ${commits * 5}\n` +
      `orleans_sqlite_store_requests_total{kind="swap"} 1000000\norleans_sqlite_store_requests_total{kind="read"} 1000000\n`,
  }));
  await open('');
  const meter = (name) => page.locator('.meter', { hasText: name });
  await meter('transactions/commit').locator('output').getByText('5', { exact: true }).waitFor();
  await meter('$ an hour').getByText('$5.4000 so far').waitFor();
  const perSecond = Number(await meter('commits/s').locator('output').textContent());
  assert.ok(perSecond > 20 && perSecond < 60, `${perSecond}`);
});

test('what others write is seen as it comes', async () => {
  await make('live', 'CREATE TABLE t(a)');
  await open('live/data/t');
  await page.getByText('0 rows').waitFor();
  await server.call('POST', 'live/execute', { statements: ["INSERT INTO t VALUES ('from elsewhere')"] });
  await cell('from elsewhere').waitFor();
  await page.getByRole('link', { name: 'History' }).or(page.getByRole('tab', { name: 'History' })).first().click();
  const versions = page.locator('.versions tbody tr');
  await versions.nth(1).waitFor();
  await server.call('POST', 'live/execute', { statements: ['CREATE TABLE u(a)', 'INSERT INTO u SELECT a FROM t'] });
  await versions.nth(2).waitFor();
  assert.deepEqual(await versions.locator('.touched').allTextContents(), ['sqlite_schema, u', 't', 'sqlite_schema']);
});

for (const [scheme, width] of [['light', 1200], ['dark', 380]]) {
  test(`${scheme}, ${width} pixels wide: nothing runs over the edge, all can be reached by Tab, and text stands out`, async () => {
    const name = `looks-${scheme}`;
    await make(name, ['CREATE TABLE t(a_rather_long_name_of_a_column TEXT, b)', "INSERT INTO t VALUES ('x', 1)"]);
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 780 });
    for (const view of ['sql', 'data/t', 'schema', 'history']) {
      await open(`${name}/${view}`);
      await page.getByText('version 1 ·').first().waitFor();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${view} is ${over} pixels too wide`);
      const unnamed = await page.evaluate(() => [...document.querySelectorAll('button, input, select, textarea')]
        .filter((it) => !(it.textContent.trim() || it.labels?.length || it.getAttribute('aria-label'))).map((it) => it.outerHTML));
      assert.deepEqual(unnamed, []);
    }
    await open(`${name}/sql`);
    const reached = [];
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.slice(0, 20) ?? document.activeElement.tagName));
    }
    for (const wanted of ['New', 'Fork', 'Version', 'SQL', 'Data', 'Run']) assert.ok(reached.includes(wanted), `${wanted} among ${reached}`);
    const contrast = await page.evaluate(() => {
      const light = (color) => {
        const [r, g, b] = color.match(/[\d.]+/g).slice(0, 3).map((part) => (part /= 255) <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const [text, paper] = [light(getComputedStyle(document.querySelector('.note')).color), light(getComputedStyle(document.body).backgroundColor)];
      return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05);
    });
    assert.ok(contrast >= 4.5, `the quiet text has a contrast of ${contrast}`);
  });
}
