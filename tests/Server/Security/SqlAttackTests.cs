using System.Diagnostics;
using System.Text.Json;

namespace OrleansSqlite.Tests;

/// <summary>SQL that tries to get out of its database, to stay on a connection, or to take the server with it. Each gets an error that says why, and the next caller is served.</summary>
public sealed class SqlAttackTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-sqlite-attack-");
    private TestServer server = null!;

    /// <summary>What must not run, and the code of the refusal. FILE stands for a path that must not come to be.</summary>
    public static TheoryData<string, string> Refused => new()
    {
        { "attach 'FILE' as other", "not-allowed" },
        { "attach ':memory:' as other", "not-allowed" },
        { "attach 'file:other?vfs=unix' as other", "not-allowed" },
        { "attach 'victim' as other", "not-allowed" },
        { "detach main", "not-allowed" },
        { "vacuum into 'FILE'", "sql" },
        { "vacuum main into 'file:FILE?mode=rwc'", "sql" },
        { "select load_extension('FILE')", "not-allowed" },
        { "select load_extension('FILE', 'init')", "not-allowed" },
        { "pragma writable_schema = on", "not-allowed" },
        { "pragma main.writable_schema = 1", "not-allowed" },
        { "update sqlite_schema set sql = 'x'", "sql" },
        { "delete from sqlite_master", "sql" },
        { "insert into sqlite_schema values ('table', 'x', 'x', 2, 'create table x(a)')", "sql" },
        { "pragma temp_store_directory = 'FILE'", "not-allowed" },
        { "pragma data_store_directory = 'FILE'", "not-allowed" },
        { "pragma journal_mode = off", "not-allowed" },
        { "pragma journal_mode = wal", "not-allowed" },
        { "pragma locking_mode = exclusive", "not-allowed" },
        { "pragma synchronous = off", "not-allowed" },
        { "pragma cache_size = -100000000", "not-allowed" },
        { "pragma mmap_size = 100000000000", "not-allowed" },
        { "pragma trusted_schema = on", "not-allowed" },
        { "pragma query_only = on", "not-allowed" },
        { "pragma cell_size_check = off", "not-allowed" },
        { "pragma hard_heap_limit = 1", "not-allowed" },
        { "pragma soft_heap_limit = 1", "not-allowed" },
        { "pragma threads = 8", "not-allowed" },
        { "pragma max_page_count = 1", "not-allowed" },
        { "pragma key = 'x'", "not-allowed" },
        { "pragma activate_extensions('x')", "not-allowed" },
        { "pragma lock_proxy_file = 'FILE'", "not-allowed" },
        { "pragma schema_version = 1", "not-allowed" },
        { "pragma foreign_keys = off", "not-allowed" },
        { "begin", "not-allowed" },
        { "commit", "not-allowed" },
        { "rollback", "not-allowed" },
        { "select readfile('/etc/passwd')", "sql" },
        { "select writefile('FILE', 'x')", "sql" },
        { "select edit('x', 'touch FILE')", "sql" },
        { "select fts3_tokenizer('x', x'4141414141414141')", "not-allowed" },
        { "select fts3_tokenizer('simple')", "not-allowed" },
        { "create virtual table x using csv(filename='/etc/passwd')", "sql" },
        { "create virtual table x using fsdir('/')", "sql" },
        { "select * from fsdir('/')", "sql" },
        { "select * from zipfile('FILE')", "sql" },
        { "select * from dbstat('other')", "sql" },
        { "select * from sqlite_dbpage", "sql" },
        { "create trigger g after insert on t begin select load_extension('FILE'); end; insert into t values (1)", "not-allowed" },
        { "create view v as select load_extension('FILE'); select * from v", "sql" },
    };

    /// <summary>What would take all memory or time. Each ends by a limit.</summary>
    public static TheoryData<string> Bombs =>
    [
        "select zeroblob(2000000000)",
        "select length(randomblob(1000000000))",
        "select length(hex(zeroblob(900000000)))",
        "select length(replace(printf('%.*c', 60000, 'x'), 'x', printf('%.*c', 60000, 'y')))",
        "select length(group_concat(x)) from (with recursive c(x) as (select printf('%.*c', 1000000, 'x') union all select x from c) select x from c)",
        "with recursive c(x) as (values (1) union all select x + 1 from c) select max(x) from c",
        "with recursive c(x) as (values (1) union select x + 1 from c) select count(*) from c",
        "with recursive c(x) as (values (1) union all select x + 1 from c) select count(*) from c a, c b",
        "with recursive c(x) as (values (1) union all select x + 1 from c) select x from c order by x desc limit 1",

        "select json_extract(printf('%.*c', 100000, '['), '$')",
        "select json(replace(printf('%.*c', 100000, 'x'), 'x', '{\"a\":'))",
    ];

    private const string LongCall = "select instr(printf('%.*c', 1200000, 'a'), printf('%.*c', 300000, 'a') || 'b' || printf('%.*c', 300000, 'a'))";

    /// <summary>One call of a function, within which SQLite can't be interrupted: it runs for some seconds after its caller was answered.</summary>
    public static TheoryData<string> LongCalls =>
    [
        LongCall,
        "select length(replace(printf('%.*c', 1200000, 'a'), printf('%.*c', 300000, 'a') || 'b' || printf('%.*c', 300000, 'a'), ''))",
        "select length(trim(printf('%.*c', 100000, 'a'), printf('%.*c', 100000, 'b') || 'a'))",
        "select printf('%.*c', 300000, 'a') like '%' || printf('%.*c', 40000, 'a') || 'b'",
    ];

    public static TheoryData<string> Malicious =>
    [
        "select " + string.Join('+', Enumerable.Repeat("1", 5_000)),
        "select " + string.Join(',', Enumerable.Range(0, 10_000)),
        "select " + string.Join(" union all select ", Enumerable.Range(0, 2_000)),
        "create table w(" + string.Join(',', Enumerable.Range(0, 5_000).Select(i => $"c{i}")) + ")",
        "select max(" + string.Join(',', Enumerable.Range(0, 5_000)) + ")",
        "select ?99999999",
        "select 'unclosed",
        "select \"\0\"",
        ";;;",
        "-- nothing",
    ];

    public async Task InitializeAsync()
    {
        var engine = await DatabaseEngine.OpenAsync("memory:");
        server = await TestServer.StartAsync(engine, options => options.RequestTime = TimeSpan.FromSeconds(1), engine: engine);
        await server.CreateAsync("victim", "create table secret(a)");
        await server.CreateAsync("db", "create table t(a)");
        Assert.Equal(200, (await server.ExecuteAsync("db", """{"statements":["create index ti on t(a)"]}""")).Status);
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_reaches_outside_is_refused(string sql, string code)
    {
        var path = Path.Combine(folder.FullName, "x");
        var statement = sql.Replace("FILE", path, StringComparison.Ordinal);
        var statements = sql.StartsWith("create trigger", StringComparison.Ordinal) ? [statement] : statement.Split("; ");
        (await server.ExecuteAsync("db", JsonSerializer.Serialize(new { statements }))).Problem(400, "Invalid", code);
        Assert.False(File.Exists(path));
        if (statements.Length == 1)
        {
            var query = await server.QueryAsync("db", JsonSerializer.Serialize(new { sql = statement }));
            Assert.True(query.Status == 400, query.Text);
        }

        await ServesAsync();
    }

    [Theory]
    [MemberData(nameof(Bombs))]
    public async Task What_takes_too_much_is_interrupted(string sql)
    {
        var before = Environment.WorkingSet;
        (await server.QueryAsync("db", JsonSerializer.Serialize(new { sql }))).Problem(400, "Invalid", sql.Contains("json", StringComparison.Ordinal) ? "sql" : "limit-exceeded");
        await ServesAsync();
        (await server.ExecuteAsync("db", JsonSerializer.Serialize(new { statements = new[] { sql } }))).Problem(400, "Invalid", sql.Contains("json", StringComparison.Ordinal) ? "sql" : "limit-exceeded");
        await ServesAsync();
        Assert.True(Environment.WorkingSet - before < 1L << 30, $"{(Environment.WorkingSet - before) >> 20} MiB");
    }

    [Theory]
    [MemberData(nameof(LongCalls))]
    public async Task What_can_not_be_interrupted_is_answered_in_time_and_holds_nobody_else_up(string sql)
    {
        var clock = Stopwatch.StartNew();
        (await server.QueryAsync("db", JsonSerializer.Serialize(new { sql }))).Problem(400, "Invalid", "limit-exceeded");
        await ServesAsync();
        (await server.ExecuteAsync("db", JsonSerializer.Serialize(new { statements = new[] { "insert into t values (1)", sql } }))).Problem(400, "Invalid", "limit-exceeded");
        Assert.InRange(clock.Elapsed.TotalSeconds, 2, 15);

        // The database that it writes to waits until it has ended; others don't, and it does not take effect.
        Assert.Equal(200, (await server.QueryAsync("db", """{"sql":"select count(*) from t"}""")).Status);
        await ServesAsync("victim");
        var write = await server.ExecuteAsync("db", """{"statements":["select count(*) from t"]}""");
        while (write.Status != 200 && clock.Elapsed.TotalSeconds < 120)
        {
            write.Problem(400, "Invalid", "limit-exceeded");
            write = await server.ExecuteAsync("db", """{"statements":["select count(*) from t"]}""");
        }

        Assert.Equal("0", write.Json.GetProperty("results")[0].GetProperty("rows")[0][0].GetRawText());
        await ServesAsync();
    }

    [Theory]
    [InlineData("v3")]
    [InlineData("v3-protobuf")]
    public async Task A_stream_of_libSQL_is_answered_in_time_too(string version)
    {
        var clock = Stopwatch.StartNew();
        var stuck = new HranaClient(server, "db", version);
        await stuck.ExecuteAsync("begin");
        Assert.Equal("LIMIT_EXCEEDED", await stuck.FailAsync(LongCall));
        Assert.Equal("STREAM_BUSY", await stuck.FailAsync("select 1"));
        await ServesAsync();
        Assert.Equal("0", await new HranaClient(server, "db", version).RowsAsync("select count(*) from t"));
        await stuck.PipelineAsync(HranaClient.Execute("select 1"), """{"type":"close"}""");
        Assert.InRange(clock.Elapsed.TotalSeconds, 1, 15);

        var values = new HranaClient(server, "db", version);
        Assert.Equal("LIMIT_EXCEEDED", await values.FailAsync("select length(zeroblob(200000000))"));
    }

    [Theory]
    [MemberData(nameof(Malicious))]
    public async Task What_is_beyond_what_SQLite_takes_is_an_error(string sql)
    {
        var reply = await server.QueryAsync("db", JsonSerializer.Serialize(new { sql }));
        Assert.True(reply.Status == 400, reply.Text[..Math.Min(reply.Text.Length, 500)]);
        Assert.Equal("Invalid", reply.Json.GetProperty("kind").GetString());
        await ServesAsync();
    }

    [Fact]
    public async Task What_one_caller_leaves_the_next_does_not_meet()
    {
        await server.ExecuteAsync("db", """{"statements":["create temp table t(a)","insert into temp.t values ('forged')","create temp view secret as select 1"]}""");
        for (int i = 0; i < 20; i++)
        {
            var seen = await server.QueryAsync("db", """{"sql":"select count(*) from t"}""");
            Assert.Equal(0, seen.Json.GetProperty("rows")[0][0].GetInt32());
        }
    }

    [Fact]
    public async Task A_query_never_writes()
    {
        foreach (var sql in (string[])["insert into t values (1)", "delete from t", "drop table t", "create table u(a)", "pragma user_version = 7", "with x as (select 1) insert into t select * from x", "vacuum", "reindex", "analyze"])
        {
            var reply = await server.QueryAsync("db", JsonSerializer.Serialize(new { sql }));
            Assert.True(reply.Status == 400, $"{sql}: {reply.Text}");
        }

        await ServesAsync();
    }

    private async Task ServesAsync(string database = "db")
    {
        string table = database == "db" ? "t" : "secret";
        var reply = await server.ExecuteAsync(database, $$"""{"statements":["insert into {{table}} values (42)","select count(*) from {{table}}","delete from {{table}}"]}""");
        Assert.True(reply.Status == 200, reply.Text);
        Assert.Equal(1, reply.Json.GetProperty("results")[1].GetProperty("rows")[0][0].GetInt32());
    }
}
