using System.Text.Json;
using static OrleansSqlite.Tests.HranaClient;

namespace OrleansSqlite.Tests;

public sealed class RowIdTests
{
    /// <summary>Tables for which ids are given, and how a row with the text @ is put in.</summary>
    public static TheoryData<string, string> Inserts => new()
    {
        { "create table t(v text)", "insert into t(v) values ('@')" },
        { "create table t(v text)", "insert into t values ('@')" },
        { "create table t(id integer primary key, v text)", "insert into t(v) values ('@')" },
        { "create table t(id integer primary key, v text)", "insert into \"t\" (\"id\", \"v\") values (null, '@') returning \"id\"" },
        { "create table t(v text, \"the id\" integer primary key autoincrement)", "INSERT INTO main.[t] /* ( */ VALUES ('@', NULL);" },
        { "create table t(id integer primary key, rowid text, v text default '@')", "insert into t(rowid, v) values ('(', '@'), (')', '@')" },
        { "create table t(v text); create table log(id, v); create trigger g after insert on t begin insert into log values (new.rowid, new.v); end", "insert into t(v) values ('@')" },
        { "create table t(v text default 'x')", "insert into t default values" },
    };

    [Theory]
    [MemberData(nameof(Inserts))]
    public async Task Two_transactions_that_insert_are_told_different_ids_and_both_commit(string schema, string insert)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        await new HranaClient(server, "db").PipelineAsync($$"""{"type":"sequence","sql":{{JsonSerializer.Serialize(schema)}}}""");
        HranaClient[] streams = [new(server, "db"), new(server, "db")];
        foreach (var stream in streams)
        {
            await stream.ExecuteAsync("begin");
        }

        List<string> told = [];
        foreach (var (stream, name) in streams.Zip(["a", "b"]))
        {
            for (int i = 0; i < 2; i++)
            {
                told.Add((await stream.ExecuteAsync(insert.Replace("@", name, StringComparison.Ordinal))).GetProperty("last_insert_rowid").GetString()!);
            }
        }

        // The one with the greater ids first.
        await streams[1].ExecuteAsync("commit");
        await streams[0].ExecuteAsync("commit");
        string alias = schema.Contains("integer primary key", StringComparison.Ordinal) ? schema.Contains("the id", StringComparison.Ordinal) ? "\"the id\"" : "id" : "rowid";
        string rows = await new HranaClient(server, "db").RowsAsync($"select {alias} || v from t order by {alias}");
        string[] names = insert.Contains("default values", StringComparison.Ordinal) ? ["x", "x", "x", "x"] : ["a", "a", "b", "b"];
        int each = insert.Contains("'), (", StringComparison.Ordinal) ? 2 : 1;
        Assert.Equal(Enumerable.Range(1, 4).Select(i => $"{i * each}"), told);
        Assert.Equal(string.Join('\n', Enumerable.Range(0, 4 * each).Select(i => $"{i + 1}{names[i / each]}")), rows);
        if (schema.Contains("log", StringComparison.Ordinal))
        {
            Assert.Equal(rows, await new HranaClient(server, "db").RowsAsync("select id || v from log order by id"));
        }
    }

    /// <summary>Where an id that is given would mean something else, SQLite chooses, and the second one conflicts.</summary>
    [Theory]
    [InlineData("create table t(v text); create table log(id); create trigger g before insert on t begin insert into log values (new.rowid); end", "insert into t(v) values ('@')")]
    [InlineData("create table t(id integer primary key on conflict replace, v text)", "insert into t(v) values ('@')")]
    [InlineData("create table t(id integer primary key, v text)", "insert or replace into t(v) values ('@')")]
    [InlineData("create table t(id integer primary key, v text)", "insert into t(v) values ('@') on conflict do update set v = 'lost'")]
    [InlineData("create table t(id integer primary key, v text)", "insert into t(v) select '@'")]
    public async Task Two_transactions_that_were_told_the_same_id_don_t_both_commit(string schema, string insert)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db");
        await new HranaClient(server, "db").PipelineAsync($$"""{"type":"sequence","sql":{{JsonSerializer.Serialize(schema)}}}""");
        HranaClient[] streams = [new(server, "db"), new(server, "db")];
        foreach (var (stream, name) in streams.Zip(["a", "b"]))
        {
            await stream.ExecuteAsync("begin");
            Assert.Equal("1", (await stream.ExecuteAsync(insert.Replace("@", name, StringComparison.Ordinal))).GetProperty("last_insert_rowid").GetString());
        }

        await streams[0].ExecuteAsync("commit");
        Assert.Equal("SQLITE_ABORT_ROLLBACK", await streams[1].FailAsync("commit"));
        Assert.Equal("a", await new HranaClient(server, "db").RowsAsync("select v from t"));
    }

    [Theory]
    [InlineData("create table t(k text primary key, v) without rowid", "insert into t values ('@', 1)")]
    [InlineData("create table t(id integer primary key desc, v)", "insert into t values (1, '@')")]
    public async Task Tables_without_ids_of_that_kind_are_left_as_they_are(string schema, string insert)
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", schema);
        var stream = new HranaClient(server, "db");
        await stream.ExecuteAsync("begin");
        await stream.ExecuteAsync(insert.Replace("@", "a", StringComparison.Ordinal));
        await stream.ExecuteAsync("commit");
        Assert.Equal("1", await stream.RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task An_id_that_was_taken_after_all_is_a_conflict_and_harms_no_row()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, v text)");
        var (told, other) = (new HranaClient(server, "db"), new HranaClient(server, "db"));
        await told.PipelineAsync(Execute("begin"), Execute("insert into t(v) values ('told')"));
        await other.ExecuteAsync("insert into t(v) values ('other')");
        Assert.Equal("SQLITE_ABORT_ROLLBACK", await told.FailAsync("commit"));
        Assert.Equal("1|other", await other.RowsAsync("select * from t"));
    }

    [Fact]
    public async Task A_transaction_that_stands_before_another_s_commit_is_not_told_its_ids()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, v text)");
        var (late, early) = (new HranaClient(server, "db"), new HranaClient(server, "db"));
        await late.PipelineAsync(Execute("begin"), Execute("select 1 from sqlite_schema"));
        await early.PipelineAsync(Execute("begin"), Execute("insert into t(v) values ('early')"), Execute("commit"), """{"type":"close"}""");
        Assert.Equal("2", (await late.ExecuteAsync("insert into t(v) values ('late')")).GetProperty("last_insert_rowid").GetString());
        await late.ExecuteAsync("commit");
        Assert.Equal("1|early\n2|late", await late.RowsAsync("select * from t"));
    }

    [Fact]
    public async Task Ids_are_new_to_the_transaction_itself_and_free_again_after_all_have_ended()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key, v text)");
        var (one, two) = (new HranaClient(server, "db"), new HranaClient(server, "db"));
        await one.PipelineAsync(Execute("begin"), Execute("insert into t values (40, 'x')"));
        Assert.Equal("41", (await one.ExecuteAsync("insert into t(v) values ('y')")).GetProperty("last_insert_rowid").GetString());
        await two.ExecuteAsync("begin");
        Assert.Equal("42", (await two.ExecuteAsync("insert into t(v) values ('z')")).GetProperty("last_insert_rowid").GetString());
        await one.ExecuteAsync("rollback");
        await two.PipelineAsync("""{"type":"close"}""");
        var three = new HranaClient(server, "db");
        await three.ExecuteAsync("begin");
        Assert.Equal("1", (await three.ExecuteAsync("insert into t(v) values ('1')")).GetProperty("last_insert_rowid").GetString());
    }

    [Fact]
    public async Task Many_racing_transactions_that_insert_all_commit_with_the_ids_that_they_were_told()
    {
        await using var server = await TestServer.StartAsync();
        await server.CreateAsync("db", "create table t(id integer primary key autoincrement, who integer, v text)");
        var told = await Task.WhenAll(Enumerable.Range(0, 24).Select(async who =>
        {
            List<string> rows = [];
            for (int round = 0; round < 4; round++)
            {
                var stream = new HranaClient(server, "db");
                await stream.ExecuteAsync("begin");
                for (int i = 0; i < 3; i++)
                {
                    string id = (await stream.ExecuteAsync($"insert into t(who, v) values ({who}, '{round}.{i}')")).GetProperty("last_insert_rowid").GetString()!;
                    rows.Add($"{id}|{who}|{round}.{i}");
                }

                Ok((await stream.PipelineAsync(Execute("commit"), """{"type":"close"}"""))[0]);
            }

            return rows;
        }));
        Assert.Equal(24 * 4 * 3, told.Sum(rows => rows.Count));
        Assert.Equal(
            told.SelectMany(rows => rows).Order(StringComparer.Ordinal),
            (await new HranaClient(server, "db").RowsAsync("select * from t")).Split('\n').Order(StringComparer.Ordinal));
    }
}
