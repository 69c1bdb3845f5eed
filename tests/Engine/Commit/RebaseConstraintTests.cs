using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Commit;

/// <summary>Constraints under a lost swap: what the rival left decides, not what was there at first.</summary>
public sealed class RebaseConstraintTests
{
    private static readonly string[] Names = ["CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE, v INTEGER)"];
    private static readonly string[] Family =
    [
        "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
        "CREATE TABLE child(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id))",
        "CREATE TABLE late(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE owned(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id) ON DELETE CASCADE)",
        "INSERT INTO parent VALUES (1), (2)",
    ];

    [Theory, CombinatorialBool]
    public async Task A_name_that_the_rival_took_is_taken(bool closure)
    {
        var end = await LostRace.RunAsync(Names, ["INSERT INTO t VALUES (1, 'a', 1)"], ["INSERT INTO t VALUES (2, 'a', 2)"], closure);
        Assert.Contains("UNIQUE", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_name_that_the_rival_set_free_is_free_and_its_violation_was_never_reported(bool closure)
    {
        var end = await LostRace.RunAsync(
            [.. Names, "INSERT INTO t VALUES (1, 'a', 1)"], ["DELETE FROM t"], ["INSERT INTO t VALUES (2, 'a', 2)"], closure);
        Assert.StartsWith("version 3", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task An_error_of_the_schema_that_the_rival_mended_was_never_reported(bool closure)
    {
        var end = await LostRace.RunAsync([], ["CREATE TABLE t(v)"], ["INSERT INTO t VALUES (1)"], closure);
        Assert.StartsWith("version 2", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_parent_that_the_rival_deleted_is_missing(bool closure)
    {
        var end = await LostRace.RunAsync(Family, ["DELETE FROM parent WHERE id = 1"], ["INSERT INTO child VALUES (1, 1)"], closure);
        Assert.Contains("FOREIGN KEY", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_parent_that_the_rival_deleted_is_missing_at_the_end_of_a_deferred_one(bool closure)
    {
        var end = await LostRace.RunAsync(
            Family, ["DELETE FROM parent WHERE id = 1"], ["INSERT INTO late VALUES (1, 1)", "INSERT INTO late VALUES (2, 2)"], closure);
        Assert.Contains("FOREIGN KEY", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_deferred_key_that_the_rival_made_good_passes(bool closure)
    {
        var end = await LostRace.RunAsync(
            Family, ["INSERT INTO parent VALUES (3)"], ["INSERT INTO late VALUES (1, 3)"], closure);
        Assert.StartsWith("version 3", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_parent_with_a_child_of_the_rival_stays(bool closure)
    {
        var end = await LostRace.RunAsync(Family, ["INSERT INTO child VALUES (1, 1)"], ["DELETE FROM parent WHERE id = 1"], closure);
        Assert.Contains("FOREIGN KEY", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task A_cascade_takes_what_the_rival_added(bool closure)
    {
        var end = await LostRace.RunAsync(Family, ["INSERT INTO owned VALUES (1, 1), (2, 2)"], ["DELETE FROM parent WHERE id = 1"], closure);
        Assert.Contains("owned:\n2|2|2", end.Dump);
    }

    [Theory, CombinatorialBool]
    public async Task A_check_is_made_on_what_the_rival_left(bool closure)
    {
        var end = await LostRace.RunAsync(
            ["CREATE TABLE stock(n INTEGER CHECK (n >= 0))", "INSERT INTO stock VALUES (3)"],
            ["UPDATE stock SET n = n - 2"],
            ["UPDATE stock SET n = n - 2"],
            closure);
        Assert.Contains("CHECK", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task Triggers_fire_on_what_the_rival_left(bool closure)
    {
        var end = await LostRace.RunAsync(
            [
                "CREATE TABLE t(v)", "CREATE TABLE log(n INTEGER, v)", "INSERT INTO t VALUES (1)",
                "CREATE TRIGGER noted AFTER UPDATE ON t BEGIN INSERT INTO log SELECT count(*), NEW.v FROM log; END",
                "CREATE TRIGGER bounded BEFORE UPDATE ON t WHEN NEW.v > 100 BEGIN SELECT RAISE(ABORT, 'too much'); END",
            ],
            ["UPDATE t SET v = v + 50", "INSERT INTO t VALUES (7)"],
            ["UPDATE t SET v = v + 10"],
            closure);
        Assert.Contains("log:\n1|0|51\n2|1|61\n3|2|17", end.Dump);
        Assert.Contains("too much", (await LostRace.RunAsync(
            [
                "CREATE TABLE t(v)", "INSERT INTO t VALUES (1)",
                "CREATE TRIGGER bounded BEFORE UPDATE ON t WHEN NEW.v > 100 BEGIN SELECT RAISE(ABORT, 'too much'); END",
            ],
            ["UPDATE t SET v = v + 60"],
            ["UPDATE t SET v = v + 60"],
            closure)).Told);
    }

    [Theory, CombinatorialBool]
    public async Task Tables_without_rowids(bool closure) => await LostRace.RunAsync(
        ["CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID", "INSERT INTO w VALUES ('a', 1), ('c', 3)"],
        ["INSERT INTO w VALUES ('b', 2)", "DELETE FROM w WHERE k = 'c'"],
        ["INSERT INTO w VALUES ('c', 33)", "UPDATE w SET v = v * 10 WHERE k < 'c'", "SELECT * FROM w"],
        closure);

    [Theory, CombinatorialBool]
    public async Task Generated_columns(bool closure) => await LostRace.RunAsync(
        ["CREATE TABLE g(a INTEGER, b INTEGER AS (a * 2) STORED, c INTEGER AS (a + 1) VIRTUAL UNIQUE)", "INSERT INTO g(a) VALUES (1)"],
        ["UPDATE g SET a = 5"],
        ["INSERT INTO g(a) VALUES (5)", "SELECT * FROM g"],
        closure);

    [Theory, CombinatorialBool]
    public async Task Insert_or_replace_replaces_what_the_rival_wrote(bool closure) => await LostRace.RunAsync(
        Names,
        ["INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)"],
        ["INSERT OR REPLACE INTO t VALUES (2, 'a', 3)", "SELECT * FROM t"],
        closure);

    [Theory, CombinatorialBool]
    public async Task Insert_or_ignore_ignores_for_the_rival(bool closure) => await LostRace.RunAsync(
        Names,
        ["INSERT INTO t VALUES (1, 'a', 1)"],
        ["INSERT OR IGNORE INTO t VALUES (2, 'a', 3)", "SELECT * FROM t"],
        closure);

    [Theory, CombinatorialBool]
    public async Task An_upsert_updates_what_the_rival_inserted(bool closure) => await LostRace.RunAsync(
        Names,
        ["INSERT INTO t VALUES (1, 'a', 1)"],
        ["INSERT INTO t VALUES (2, 'a', 3) ON CONFLICT (name) DO UPDATE SET v = v + excluded.v RETURNING id, v"],
        closure);

    [Theory, CombinatorialBool]
    public async Task An_insert_from_a_select_selects_anew(bool closure) => await LostRace.RunAsync(
        [.. Names, "CREATE TABLE copy(name)"],
        ["INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)"],
        ["INSERT INTO copy SELECT name FROM t ORDER BY name DESC"],
        closure);

    [Theory, CombinatorialBool]
    public async Task A_column_that_the_rival_added_is_there(bool closure) => await LostRace.RunAsync(
        ["CREATE TABLE t(v)", "INSERT INTO t VALUES (1)"],
        ["ALTER TABLE t ADD COLUMN w DEFAULT 'new'"],
        ["INSERT INTO t(v) VALUES (2)", "SELECT * FROM t"],
        closure);

    [Theory, CombinatorialBool]
    public async Task A_table_that_the_rival_dropped_is_gone(bool closure)
    {
        var end = await LostRace.RunAsync(
            ["CREATE TABLE t(v)", "INSERT INTO t VALUES (1)"], ["DROP TABLE t"], ["INSERT INTO t VALUES (2)"], closure);
        Assert.Contains("no such table", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task An_index_of_the_rival_holds_my_rows_and_judges_them(bool closure)
    {
        await LostRace.RunAsync(
            ["CREATE TABLE t(v)", "INSERT INTO t VALUES (1)"],
            ["CREATE UNIQUE INDEX one ON t(v)"],
            ["INSERT INTO t VALUES (2)", "SELECT * FROM t INDEXED BY one WHERE v = 2"],
            closure);
        var end = await LostRace.RunAsync(
            ["CREATE TABLE t(v)", "INSERT INTO t VALUES (1)"], ["CREATE UNIQUE INDEX one ON t(v)"], ["INSERT INTO t VALUES (1)"], closure);
        Assert.Contains("UNIQUE", end.Told);
    }

    [Theory, CombinatorialBool]
    public async Task Two_who_create_tables_at_once_each_find_theirs_at_its_own_root(bool closure) => await LostRace.RunAsync(
        ["CREATE TABLE old(v)", "INSERT INTO old VALUES ('old')"],
        ["CREATE TABLE rival(v)", "INSERT INTO rival VALUES ('rival')", "CREATE INDEX rivals ON rival(v)"],
        ["CREATE TABLE mine(v)", "INSERT INTO mine VALUES ('mine')", "SELECT * FROM old, mine"],
        closure);

    [Theory, CombinatorialBool]
    public async Task A_vacuum_of_the_rival_moves_all_pages(bool closure)
    {
        string[] schema = ["CREATE TABLE t(v)", Sql.Series("INSERT INTO t SELECT hex(randomblob(100)) FROM generate_series(1, 200)"), "DELETE FROM t", "CREATE TABLE u(v)", "INSERT INTO u VALUES (1)"];
        await LostRace.RunAsync(schema, ["VACUUM"], ["INSERT INTO u VALUES (2)", "SELECT * FROM u"], closure);
        await LostRace.RunAsync(schema, ["PRAGMA page_size = 8192", "VACUUM"], ["INSERT INTO u VALUES (2)", "SELECT * FROM u"], closure);
    }
}
