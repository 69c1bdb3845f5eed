namespace OrleansSqlite.Tests;

/// <summary>A SQLite file to be made by the <c>sqlite3</c> program: how, what to ask of it, and what to change in it afterwards.</summary>
/// <param name="Script">Makes it.</param>
/// <param name="Queries">Asked of both sides; integers, texts, blobs and NULLs only, as each side formats reals in its own way.</param>
/// <param name="Writes">Done on both sides, after which the contents must be the same again.</param>
internal sealed record RealFile(string Script, string[] Queries, string[] Writes)
{
    /// <summary>Whether the same writes give the same bytes in every version of SQLite. The inner tables of FTS5 differ; its answers don't.</summary>
    public bool WritesAlike { get; init; } = true;

    /// <summary>What else the exported file must pass, in the <c>sqlite3</c> program.</summary>
    public string Check { get; init; } = "";

    private const string People = """
        CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT NOT NULL, born INTEGER, photo BLOB, height REAL);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
          INSERT INTO people SELECT i, 'Näme ' || (i * 7919 % 2000) || ' 漢字 🙂', iif(i % 10, 1900 + i % 120, NULL), randomblob(i % 300), i / 7.0 FROM n;
        """;

    private static readonly string[] PeopleQueries =
    [
        "SELECT id, name, born, photo FROM people ORDER BY id",
        "SELECT count(*), sum(length(photo)), printf('%.6f', sum(height)) FROM people",
        "SELECT name, count(*) FROM people GROUP BY name COLLATE NOCASE ORDER BY name DESC LIMIT 50",
        "SELECT typeof(id), typeof(name), typeof(born), typeof(photo), typeof(height) FROM people WHERE id IN (1, 10, 999)",
        "SELECT name, type, replace(sql, char(10), ' ') FROM sqlite_schema ORDER BY name",
    ];

    private static readonly string[] PeopleWrites =
    [
        "INSERT INTO people(name, born, photo) SELECT name || '+', born, photo FROM people WHERE id % 3 = 0",
        "UPDATE people SET name = upper(name), photo = zeroblob(700) WHERE id % 5 = 0",
        "DELETE FROM people WHERE id % 7 = 0",
        "CREATE TABLE later AS SELECT * FROM people WHERE id < 100",
        "CREATE INDEX later_name ON later(name)",
    ];

    /// <summary>All of them, by name.</summary>
    public static IReadOnlyDictionary<string, RealFile> All { get; } = Make();

    private static Dictionary<string, RealFile> Make()
    {
        var files = new Dictionary<string, RealFile>
        {
            ["indexes, triggers and views"] = new(
                $"""
                {People}
                CREATE INDEX by_name ON people(name COLLATE NOCASE, born DESC);
                CREATE UNIQUE INDEX by_two ON people(born, id) WHERE born IS NOT NULL;
                CREATE INDEX by_expression ON people(length(photo));
                CREATE TABLE log(at INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT);
                CREATE TRIGGER noted AFTER UPDATE OF name ON people BEGIN INSERT INTO log(what) VALUES (old.name || '>' || new.name); END;
                CREATE VIEW old AS SELECT id, name FROM people WHERE born < 1950;
                CREATE TRIGGER old_gone INSTEAD OF DELETE ON old BEGIN DELETE FROM people WHERE id = old.id; END;
                UPDATE people SET name = lower(name) WHERE id < 50;
                ANALYZE;
                PRAGMA user_version = 42;
                PRAGMA application_id = 7;
                """,
                [
                    .. PeopleQueries,
                    "SELECT at, what FROM log ORDER BY at",
                    "SELECT * FROM old ORDER BY name, id",
                    "SELECT id FROM people WHERE name = 'näme 14 漢字 🙂' COLLATE NOCASE",
                    "SELECT id FROM people WHERE length(photo) = 77 ORDER BY id",
                ],
                [.. PeopleWrites, "DELETE FROM old WHERE id < 200", "REINDEX"]),
            ["FTS5"] = new(
                $"""
                {People}
                CREATE VIRTUAL TABLE words USING fts5(title, body, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
                INSERT INTO words(rowid, title, body) SELECT id, name, 'quick brown fox number ' || id || ' jumps over ' || born FROM people;
                CREATE VIRTUAL TABLE lean USING fts5(name, content = 'people', content_rowid = 'id');
                INSERT INTO lean(lean) VALUES ('rebuild');
                """,
                [
                    "SELECT rowid, title FROM words WHERE words MATCH 'fox AND 19*' ORDER BY rowid",
                    "SELECT rowid, highlight(words, 1, '[', ']') FROM words WHERE words MATCH 'body : \"jumps over\"' ORDER BY rank, rowid LIMIT 20",
                    "SELECT rowid, name FROM lean WHERE lean MATCH 'name' ORDER BY rowid LIMIT 30",
                    "SELECT count(*) FROM words",
                ],
                [
                    "INSERT INTO words(title, body) VALUES ('nach dem Einspielen', 'the quick brown fox comes back')",
                    "UPDATE words SET body = 'rewritten entirely' WHERE rowid % 50 = 0",
                    "DELETE FROM words WHERE rowid % 31 = 0",
                    "INSERT INTO words(words) VALUES ('optimize')",
                ])
            {
                WritesAlike = false,
                Check = "INSERT INTO words(words) VALUES ('integrity-check'); INSERT INTO lean(lean) VALUES ('integrity-check');",
            },
            ["WITHOUT ROWID and generated columns"] = new(
                """
                CREATE TABLE pairs(a TEXT, b INTEGER, c BLOB, PRIMARY KEY (a, b DESC)) WITHOUT ROWID;
                CREATE TABLE made(x INTEGER, y INTEGER AS (x * 2) VIRTUAL, z TEXT AS ('#' || x) STORED UNIQUE, CHECK (x > 0)) STRICT;
                CREATE INDEX made_y ON made(y);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                  INSERT INTO pairs SELECT 'k' || (i % 97), i, randomblob(i % 500) FROM n;
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO made(x) SELECT i FROM n;
                """,
                ["SELECT * FROM pairs ORDER BY a, b", "SELECT x, y, z FROM made WHERE y > 100 ORDER BY z", "SELECT x FROM made WHERE z = '#777'"],
                ["INSERT OR REPLACE INTO pairs VALUES ('new', -1, NULL)", "UPDATE pairs SET a = a || '!' WHERE b % 11 = 0", "UPDATE made SET x = x + 100000 WHERE x % 3 = 0"]),
            ["UTF-16le"] = new($"PRAGMA encoding = 'UTF-16le';\n{People}\nCREATE INDEX by_name ON people(name);", PeopleQueries, PeopleWrites),
            ["UTF-16be"] = new($"PRAGMA encoding = 'UTF-16be';\n{People}\nCREATE INDEX by_name ON people(name);", PeopleQueries, PeopleWrites),
            ["auto_vacuum full"] = new($"PRAGMA auto_vacuum = FULL;\n{People}\nDELETE FROM people WHERE id BETWEEN 500 AND 900;", PeopleQueries, PeopleWrites),
            ["auto_vacuum incremental"] = new(
                $"PRAGMA auto_vacuum = INCREMENTAL;\n{People}\nDELETE FROM people WHERE id BETWEEN 500 AND 1500;",
                [.. PeopleQueries, "SELECT freelist_count > 0 FROM pragma_freelist_count"],
                [.. PeopleWrites, "PRAGMA incremental_vacuum(10)"]),
            ["a header and nothing else"] = new("CREATE TABLE gone(x); DROP TABLE gone; VACUUM;", ["SELECT count(*) FROM sqlite_schema"], ["CREATE TABLE t(x)", "INSERT INTO t VALUES (1)"]),
            ["free pages and odd names"] = new(
                $"""
                {People}
                CREATE TABLE "a ""quoted"" name"("x y" INTEGER, 'select');
                INSERT INTO "a ""quoted"" name" VALUES (1, 'two'), (NULL, char(0, 65) || 'nul inside');
                CREATE TABLE waste AS SELECT randomblob(3000) FROM people; DROP TABLE waste;
                """,
                [.. PeopleQueries, "SELECT \"x y\", hex(\"select\") FROM \"a \"\"quoted\"\" name\""],
                PeopleWrites),
            ["foreign keys"] = new(
                """
                CREATE TABLE parent(id INTEGER PRIMARY KEY, v TEXT);
                CREATE TABLE child(id INTEGER PRIMARY KEY, p REFERENCES parent ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO parent SELECT i, 'p' || i FROM n;
                INSERT INTO child(p) SELECT id FROM parent UNION ALL SELECT id FROM parent WHERE id % 2;
                """,
                ["SELECT p, count(*) FROM child GROUP BY p ORDER BY p", "SELECT count(*) FROM pragma_foreign_key_check"],
                ["INSERT INTO child(p) VALUES (5), (6)", "UPDATE parent SET v = 'x' WHERE id < 10"]),
        };
        for (int pageBytes = 512; pageBytes <= 65536; pageBytes *= 2)
        {
            files[$"pages of {pageBytes} bytes"] = new($"PRAGMA page_size = {pageBytes};\n{People}\nCREATE INDEX by_name ON people(name);", PeopleQueries, PeopleWrites);
        }

        return files;
    }
}
