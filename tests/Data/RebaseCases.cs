using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>What transactions did and were told, what a rival did before they were committed, and so whether they go through.</summary>
internal static class RebaseCases
{
    public const string Setup = """
        CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER NOT NULL DEFAULT 0);
        INSERT INTO item(name, n) VALUES ('a', 1), ('b', 2), ('c', 3);
        CREATE TABLE log(line TEXT);
        CREATE TABLE kept(id INTEGER PRIMARY KEY AUTOINCREMENT, v);
        CREATE TABLE child(item INTEGER REFERENCES item(id) DEFERRABLE INITIALLY DEFERRED);
        """;

    /// <summary>Goes through: what the caller was told is the same on the newer version.</summary>
    public static readonly Dictionary<string, (Action<OrleansSqliteConnection> Mine, string Rival, string Look, string Expected)> Rebased = new()
    {
        ["inserts of both sides, implicit rowids"] = (
            c => c.Execute("INSERT INTO log VALUES ('mine')"),
            "INSERT INTO log VALUES ('theirs')", "SELECT rowid, line FROM log", "1,theirs;2,mine"),
        ["inserts of both sides, AUTOINCREMENT"] = (
            c => c.Execute("INSERT INTO kept(v) VALUES ('mine')"),
            "INSERT INTO kept(v) VALUES ('theirs')", "SELECT id, v FROM kept", "1,theirs;2,mine"),
        ["blind update of the same row"] = (
            c => c.Execute("UPDATE item SET n = n + 1 WHERE id = 1"),
            "UPDATE item SET n = n + 10 WHERE id = 1", "SELECT n FROM item WHERE id = 1", "12"),
        ["read of what nobody changed"] = (
            c =>
            {
                Assert.Equal("2", c.Rows("SELECT n FROM item WHERE id = 2"));
                c.Execute("UPDATE item SET n = 9 WHERE id = 3");
            },
            "UPDATE item SET n = 5 WHERE id = 1", "SELECT n FROM item", "5;2;9"),
        ["RETURNING of values that stay"] = (
            c => Assert.Equal("3", c.Rows("UPDATE item SET n = n + 1 WHERE id = 2 RETURNING n")),
            "UPDATE item SET n = 5 WHERE id = 1", "SELECT n FROM item", "5;3;3"),
        ["the same unique violation, caught"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("INSERT INTO item(name) VALUES ('a')"));
                c.Execute("INSERT INTO log VALUES ('a is there')");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;a is there"),
        ["a table that is missing before and after"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("SELECT * FROM nowhere"));
                c.Execute("INSERT INTO log VALUES ('none')");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;none"),
        ["savepoints, one rolled back"] = (
            c =>
            {
                c.Execute("SAVEPOINT one; INSERT INTO log VALUES ('lost'); ROLLBACK TO one; RELEASE one");
                c.Execute("SAVEPOINT two");
                c.Execute("INSERT INTO log VALUES ('kept')");
                c.Execute("RELEASE two");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;kept"),
        ["two readers, interleaved"] = (
            c =>
            {
                using var first = Sql.Command(c, "SELECT n FROM item ORDER BY id").ExecuteReader();
                using var second = Sql.Command(c, "SELECT name FROM item ORDER BY id").ExecuteReader();
                Assert.True(first.Read() && second.Read() && second.Read() && first.Read());
                c.Execute("INSERT INTO log VALUES ('between')");
                Assert.True(first.Read());
                Assert.False(first.Read());
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;between"),
        ["rows behind the one that was read"] = (
            c =>
            {
                Assert.Equal(1L, c.Scalar("SELECT n FROM item ORDER BY id"));
                c.Execute("INSERT INTO log VALUES ('first seen')");
            },
            "UPDATE item SET n = 7 WHERE id = 3", "SELECT line FROM log", "first seen"),
        ["a trigger"] = (
            c =>
            {
                c.Execute("CREATE TRIGGER noted AFTER UPDATE ON item BEGIN INSERT INTO log VALUES (new.name); END");
                c.Execute("UPDATE item SET n = 0 WHERE id = 2");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;b"),
        ["schema changes of both sides"] = (
            c =>
            {
                c.Execute("CREATE TABLE mine(x)");
                c.Execute("INSERT INTO mine VALUES (1)");
            },
            "CREATE TABLE theirs(x); INSERT INTO theirs VALUES (2)", "SELECT (SELECT x FROM mine), (SELECT x FROM theirs)", "1,2"),
        ["a temporary table"] = (
            c =>
            {
                c.Execute("CREATE TEMP TABLE t(x); INSERT INTO t VALUES (42)");
                c.Execute("INSERT INTO log SELECT x FROM t");
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;42"),
        ["random values that were only stored"] = (
            c => c.Execute("INSERT INTO log VALUES (random())"),
            "INSERT INTO log VALUES ('theirs')", "SELECT count(*) FROM log", "2"),
        ["full text search"] = (
            c =>
            {
                c.Execute("CREATE VIRTUAL TABLE words USING fts5(w)");
                c.Execute("INSERT INTO words VALUES ('hello world')");
                Assert.Equal("hello world", c.Rows("SELECT w FROM words WHERE words MATCH 'hello'"));
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT w FROM words", "hello world"),
        ["a command of several statements with parameters"] = (
            c => c.Execute("INSERT INTO log VALUES (@a); INSERT INTO log VALUES (@b); UPDATE item SET n = @n WHERE id = 1", ("@a", "x"), ("@b", "y"), ("@n", 77)),
            "INSERT INTO log VALUES ('theirs')", "SELECT (SELECT group_concat(line) FROM log), n FROM item WHERE id = 1", "theirs,x,y,77"),
        ["a reader closed before its command was through"] = (
            c =>
            {
                using var reader = Sql.Command(c, "SELECT n FROM item; INSERT INTO log VALUES ('on closing')").ExecuteReader();
                Assert.True(reader.Read());
            },
            "INSERT INTO log VALUES ('theirs')", "SELECT line FROM log", "theirs;on closing"),
        ["a deferred foreign key"] = (
            c => c.Execute("INSERT INTO child VALUES (4); INSERT INTO item(id, name) VALUES (4, 'd')"),
            "INSERT INTO child VALUES (1)", "SELECT item FROM child", "1;4"),
    };

    /// <summary>A conflict: the caller would have been told something else.</summary>
    public static readonly Dictionary<string, (Action<OrleansSqliteConnection> Mine, string Rival)> Conflicts = new()
    {
        ["a value that was read"] = (
            c =>
            {
                long n = (long)c.Scalar("SELECT n FROM item WHERE id = 1")!;
                c.Execute("UPDATE item SET n = @n WHERE id = 1", ("@n", n + 1));
            },
            "UPDATE item SET n = 100 WHERE id = 1"),
        ["a phantom"] = (
            c =>
            {
                Assert.Equal(3L, c.Scalar("SELECT count(*) FROM item"));
                c.Execute("INSERT INTO log VALUES ('three')");
            },
            "INSERT INTO item(name) VALUES ('d')"),
        ["no row that is one now"] = (
            c =>
            {
                Assert.Null(c.Scalar("SELECT id FROM item WHERE name = 'z'"));
                c.Execute("INSERT INTO log VALUES ('no z')");
            },
            "INSERT INTO item(name) VALUES ('z')"),
        ["write skew"] = (
            c =>
            {
                Assert.Equal(3L, c.Scalar("SELECT sum(n) FROM item WHERE id < 3"));
                c.Execute("UPDATE item SET n = n - 3 WHERE id = 1");
            },
            "UPDATE item SET n = n - 2 WHERE id = 2"),
        ["an id that was told"] = (
            c =>
            {
                c.Execute("INSERT INTO kept(v) VALUES ('mine')");
                Assert.Equal(1L, c.Scalar("SELECT last_insert_rowid()"));
            },
            "INSERT INTO kept(v) VALUES ('theirs')"),
        ["an id that was told by RETURNING"] = (
            c => Assert.Equal("1", c.Rows("INSERT INTO kept(v) VALUES ('mine') RETURNING id")),
            "INSERT INTO kept(v) VALUES ('theirs')"),
        ["another number of changed rows"] = (
            c => Assert.Equal(2, c.Execute("UPDATE item SET n = 0 WHERE n > 1")),
            "UPDATE item SET n = 9 WHERE id = 1"),
        ["a violation that is none any more"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("INSERT INTO item(name) VALUES ('a')"));
                c.Execute("INSERT INTO log VALUES ('a is there')");
            },
            "DELETE FROM item WHERE name = 'a'"),
        ["a violation of another constraint"] = (
            c =>
            {
                Assert.Throws<SqliteException>(() => c.Execute("INSERT INTO item(id, name) VALUES (9, 'a')"));
                c.Execute("INSERT INTO log VALUES ('a is there')");
            },
            "UPDATE item SET name = 'b or so' WHERE name = 'a'; INSERT INTO item(id, name) VALUES (9, 'nine')"),
        ["a violation that is new"] = (
            c => c.Execute("INSERT INTO item(name) VALUES ('new')"),
            "INSERT INTO item(name) VALUES ('new')"),
        ["a column that is new under SELECT *"] = (
            c =>
            {
                Assert.Equal("", c.Rows("SELECT * FROM log"));
                c.Execute("INSERT INTO kept(v) VALUES (1)");
            },
            "ALTER TABLE log ADD COLUMN more"),
        ["a random value that was told"] = (
            c => c.Rows("INSERT INTO log VALUES (random()) RETURNING line"),
            "INSERT INTO kept(v) VALUES ('theirs')"),
        ["a command that was made elsewhere"] = (
            c =>
            {
                using var command = new SqliteCommand("INSERT INTO log VALUES ('by hand')", c, c.CreateCommand().Transaction);
                command.ExecuteNonQuery();
            },
            "INSERT INTO log VALUES ('theirs')"),
        ["a blob written piece by piece"] = (
            c =>
            {
                c.Execute("INSERT INTO kept(id, v) VALUES (7, zeroblob(3))");
                using var blob = new SqliteBlob(c, "kept", "v", 7);
                blob.Write([1, 2, 3]);
            },
            "INSERT INTO log VALUES ('theirs')"),
    };
}
