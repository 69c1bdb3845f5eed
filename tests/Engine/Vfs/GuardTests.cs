namespace OrleansSqlite.Tests.Vfs;

/// <summary>What a batch or a query may not say, and the words in which it is refused.</summary>
public sealed class GuardTests : IAsyncLifetime
{
    private Rivalry rivalry = null!;

    public async Task InitializeAsync()
    {
        rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(v)");
    }

    public async Task DisposeAsync() => await rivalry.DisposeAsync();

    public static TheoryData<string, string> Refused => new()
    {
        { "ATTACH 'other.db' AS o", "ATTACH reaches outside of the database" },
        { "ATTACH ':memory:' AS o", "ATTACH reaches outside of the database" },
        { "DETACH main", "DETACH reaches outside of the database" },
        { "BEGIN", "a batch is a transaction already: take BEGIN, COMMIT, END and ROLLBACK out of it" },
        { "BEGIN IMMEDIATE", "a batch is a transaction already: take BEGIN, COMMIT, END and ROLLBACK out of it" },
        { "COMMIT", "a batch is a transaction already: take BEGIN, COMMIT, END and ROLLBACK out of it" },
        { "END", "a batch is a transaction already: take BEGIN, COMMIT, END and ROLLBACK out of it" },
        { "ROLLBACK", "a batch is a transaction already: take BEGIN, COMMIT, END and ROLLBACK out of it" },
        { "PRAGMA writable_schema=ON", "PRAGMA writable_schema would stay on the connection, or reaches outside of the database" },
        { "PRAGMA writable_schema=RESET", "PRAGMA writable_schema would stay on the connection, or reaches outside of the database" },
        { "PRAGMA locking_mode=EXCLUSIVE", "PRAGMA locking_mode would stay on the connection, or reaches outside of the database" },
        { "PRAGMA synchronous=OFF", "PRAGMA synchronous would stay on the connection, or reaches outside of the database" },
        { "PRAGMA temp_store_directory='/'", "PRAGMA temp_store_directory would stay on the connection, or reaches outside of the database" },
        { "PRAGMA cache_size=1", "PRAGMA cache_size would stay on the connection, or reaches outside of the database" },
        { "PRAGMA mmap_size=0", "PRAGMA mmap_size would stay on the connection, or reaches outside of the database" },
        { "PRAGMA trusted_schema=ON", "PRAGMA trusted_schema would stay on the connection, or reaches outside of the database" },
        { "PRAGMA journal_mode=OFF", "PRAGMA journal_mode can only be read here" },
        { "PRAGMA main.journal_mode=WAL", "PRAGMA journal_mode can only be read here" },
        { "PRAGMA foreign_keys=OFF", "PRAGMA foreign_keys can only be read here" },
        { "PRAGMA schema_version=7", "PRAGMA schema_version can only be read here" },
        { "PRAGMA encoding='UTF-16'", "PRAGMA encoding can only be read here" },
        { "SELECT load_extension('x.so')", "the function load_extension reaches outside of the database" },
        { "INSERT INTO t VALUES (LOAD_EXTENSION('x.so'))", "the function load_extension reaches outside of the database" },
        { "SELECT fts3_tokenizer('simple', x'00')", "the function fts3_tokenizer reaches outside of the database" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task It_is_refused_with_the_reason_and_nothing_of_its_batch_stays(string sql, string reason)
    {
        var error = await Assert.ThrowsAsync<DatabaseException>(
            () => rivalry.My.ExecuteAsync(new Batch("INSERT INTO t VALUES ('before')", sql, "INSERT INTO t VALUES ('after')")));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Equal(ErrorCodes.NotAllowed, error.Code);
        Assert.Equal(1, error.Statement);
        Assert.Equal($"Statement 2 of 3: The statement is not allowed: {reason}.", error.Message);

        // In one text with others, too.
        error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync($"INSERT INTO t VALUES ('before'); {sql}; SELECT 1"));
        Assert.Equal(ErrorCodes.NotAllowed, error.Code);
        Assert.EndsWith($"{reason}.", error.Message, StringComparison.Ordinal);

        // The connection is as it was.
        await rivalry.My.ExecuteAsync("INSERT INTO t VALUES ('good')");
        Assert.Equal("good", (await rivalry.Its.ScalarAsync("SELECT group_concat(v) FROM t")).AsText());
    }

    [Theory]
    [InlineData("ATTACH ':memory:' AS o")]
    [InlineData("BEGIN")]
    [InlineData("SAVEPOINT s")]
    [InlineData("PRAGMA writable_schema=ON")]
    [InlineData("PRAGMA foreign_keys=OFF")]
    [InlineData("SELECT load_extension('x.so')")]
    public async Task It_is_refused_in_queries(string sql)
    {
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.QueryAllAsync(sql));
        Assert.Equal(ErrorCodes.NotAllowed, error.Code);
        Assert.Equal(0, (await rivalry.My.ScalarAsync("SELECT count(*) FROM t")).AsInteger());
    }

    [Theory]
    [InlineData("INSERT INTO t VALUES (1)")]
    [InlineData("INSERT INTO t VALUES (1) RETURNING v")]
    [InlineData("CREATE TABLE u(v)")]
    [InlineData("CREATE TEMP TABLE u(v)")]
    [InlineData("PRAGMA user_version=3")]
    [InlineData("VACUUM")]
    public async Task A_query_writes_nothing(string sql)
    {
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.QueryAllAsync(sql));
        Assert.Equal(ErrorCodes.ReadOnly, error.Code);
        Assert.Contains("'app'", error.Message, StringComparison.Ordinal);
    }

    // The file would be made by the machine that happens to run the batch.
    [Theory]
    [InlineData("VACUUM INTO '/tmp/out.db'")]
    [InlineData("vacuum main into 'file:/tmp/out.db?vfs=unix'")]
    public async Task VACUUM_INTO_is_refused(string sql)
    {
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync(sql));
        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Equal("cannot VACUUM from within a transaction", error.Message);
        Assert.False(File.Exists("/tmp/out.db"));
    }

    [Theory]
    [InlineData("VACUUM")]
    [InlineData(" vacuum ; ")]
    [InlineData("VACUUM main")]
    public async Task VACUUM_by_itself_is_a_batch(string sql)
    {
        await rivalry.My.ExecuteAsync("INSERT INTO t SELECT zeroblob(200000)");
        await rivalry.My.ExecuteAsync("DELETE FROM t");
        long before = (await rivalry.My.DescribeAsync()).PageCount;
        await rivalry.My.ExecuteAsync(sql);
        Assert.True((await rivalry.Its.DescribeAsync()).PageCount < before / 5);
        await rivalry.AssertSameAndSoundAsync();
    }

    [Fact]
    public async Task VACUUM_carries_out_the_pragmas_before_it()
    {
        await rivalry.My.ExecuteAsync(new Batch("PRAGMA page_size=1024", "PRAGMA auto_vacuum=INCREMENTAL", "VACUUM"));
        Assert.Equal(1024, (await rivalry.Its.DescribeAsync()).PageBytes);
        Assert.Equal(2, (await rivalry.Its.ScalarAsync("SELECT auto_vacuum FROM pragma_auto_vacuum, t UNION ALL SELECT auto_vacuum FROM pragma_auto_vacuum")).AsInteger());
        await rivalry.AssertSameAndSoundAsync();
    }

    [Fact]
    public async Task VACUUM_among_other_statements_is_refused()
    {
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync(new Batch("INSERT INTO t VALUES (1)", "VACUUM")));
        Assert.Equal("Statement 2 of 2: cannot VACUUM from within a transaction", error.Message);
        Assert.Equal(0, (await rivalry.My.ScalarAsync("SELECT count(*) FROM t")).AsInteger());
    }

    // On an empty database the setting itself would be a commit: a batch is one.
    [Theory]
    [InlineData("NONE", 0)]
    [InlineData("FULL", 1)]
    [InlineData("INCREMENTAL", 2)]
    public async Task An_empty_database_takes_its_settings_by_VACUUM(string autoVacuum, int number)
    {
        await rivalry.Mine.CreateAsync("empty");
        var database = rivalry.Mine.Open("empty");
        var result = await database.ExecuteAsync(new Batch($"PRAGMA auto_vacuum={autoVacuum}", "PRAGMA page_size=1024", "VACUUM"));
        Assert.Equal(3, result.Results.Count);
        await database.ExecuteAsync(new Batch("CREATE TABLE t(v)", "INSERT INTO t VALUES (zeroblob(3000))"));
        Assert.Equal(1024, (await database.DescribeAsync()).PageBytes);
        Assert.Equal(number, await database.ReadAsync(connection => connection.Rows("SELECT * FROM t").Length == 1 ? connection.Number("PRAGMA auto_vacuum") : -1));
    }

    [Fact]
    public async Task VACUUM_for_another_version_than_the_expected_one_does_not_run()
    {
        await rivalry.My.ExecuteAsync("INSERT INTO t VALUES (1)");
        var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync(new Batch("VACUUM") { ExpectedVersion = 1 }));
        Assert.Equal(ErrorCodes.VersionMismatch, error.Code);
        Assert.Equal(3, (await rivalry.My.ExecuteAsync(new Batch("VACUUM") { ExpectedVersion = 2 })).Version);
    }

    // A lost race runs a VACUUM again, too.
    [Fact]
    public async Task VACUUM_that_loses_a_race_loses_nothing_else()
    {
        rivalry.BeforeMySwap(its => its.ExecuteAsync("INSERT INTO t VALUES ('in between')"));
        await rivalry.My.ExecuteAsync(new Batch("PRAGMA page_size=512", "VACUUM"));
        Assert.Equal("in between", (await rivalry.My.ScalarAsync("SELECT v FROM t")).AsText());
        Assert.Equal(512, (await rivalry.Its.DescribeAsync()).PageBytes);
        await rivalry.AssertSameAndSoundAsync();
    }

    [Theory]
    [InlineData("PRAGMA page_size=512")]
    [InlineData("PRAGMA auto_vacuum=FULL")]
    public async Task A_setting_for_VACUUM_does_not_wait_for_somebody_elses(string pragma)
    {
        await rivalry.My.ExecuteAsync(pragma);
        await rivalry.My.ExecuteAsync("VACUUM");
        Assert.Equal(4096, (await rivalry.My.DescribeAsync()).PageBytes);
        Assert.Equal(0, (await rivalry.My.ScalarAsync("SELECT 0 FROM t UNION ALL SELECT auto_vacuum FROM pragma_auto_vacuum")).AsInteger());
    }

    // Allowed: their setting lies in the database, or ends with the transaction.
    [Fact]
    public async Task Pragmas_that_stay_in_the_database_are_allowed()
    {
        await rivalry.My.ExecuteAsync(new Batch("PRAGMA user_version=7", "PRAGMA application_id=9", "PRAGMA defer_foreign_keys=ON"));
        var result = await rivalry.My.ExecuteAsync(new Batch(
            "PRAGMA user_version", "PRAGMA application_id", "PRAGMA defer_foreign_keys", "PRAGMA journal_mode", "PRAGMA foreign_keys", "PRAGMA integrity_check"));
        Assert.Equal(["7", "9", "0", "memory", "1", "ok"], result.Results.Select(each => each.Rows[0][0].ToString()));
    }
}
