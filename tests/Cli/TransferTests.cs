using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests;

public sealed class TransferTests : IDisposable
{
    private readonly Sandbox box = new();

    [Fact]
    public async Task A_file_of_the_sqlite3_program_comes_in_and_goes_out()
    {
        (await box.BashAsync("sqlite3 in.sqlite \"create table t(a, b); insert into t values (1, 'one'), (2, x'00ff')\"")).Ok();
        var imported = (await box.RunAsync("import", "db", "in.sqlite")).Ok();
        Assert.StartsWith("imported ", imported.Out, StringComparison.Ordinal);
        Assert.Empty(imported.Error);
        Assert.Equal("1\tone\n2\tX'00FF'\n", (await box.RunAsync("query", "db", "select * from t")).Ok().Out);

        (await box.RunAsync("execute", "db", "insert into t values (3, 'three')")).Ok();
        var exported = (await box.RunAsync("export", "db", "out.sqlite")).Ok();
        Assert.StartsWith("exported db to ", exported.Out, StringComparison.Ordinal);
        Assert.Empty(exported.Error);
        Assert.Equal("ok\n1|one\n2|X'00FF'\n3|three\n", (await box.BashAsync(
            "sqlite3 out.sqlite \"pragma integrity_check; select a, case typeof(b) when 'blob' then quote(b) else b end from t\"")).Ok().Out);
    }

    [Fact]
    public async Task A_file_with_a_write_ahead_log_comes_in_with_all_its_rows()
    {
        SQLitePCL.Batteries_V2.Init();
        using var connection = new SqliteConnection($"Data Source={box.File("wal.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "pragma journal_mode = wal; create table t(a); insert into t values (1), (2), (3);";
        command.ExecuteNonQuery();

        // The connection is still open, so that the rows are in the log and not in the file.
        Assert.True(new FileInfo(box.File("wal.sqlite-wal")).Length > 0);
        (await box.RunAsync("import", "db", "wal.sqlite")).Ok();
        Assert.Equal("6\n", (await box.RunAsync("query", "db", "select sum(a) from t")).Ok().Out);
    }

    [Fact]
    public async Task Import_replaces_only_when_told()
    {
        await box.BashAsync("sqlite3 one.sqlite 'create table t as select 1 as a'; sqlite3 two.sqlite 'create table t as select 2 as a'");
        (await box.RunAsync("import", "db", "one.sqlite")).Ok();
        (await box.RunAsync("import", "db", "two.sqlite")).Failed(2, "db");
        Assert.Equal("1\n", (await box.RunAsync("query", "db", "select a from t")).Ok().Out);
        (await box.RunAsync("import", "db", "two.sqlite", "--replace")).Ok();
        Assert.Equal("2\n", (await box.RunAsync("query", "db", "select a from t")).Ok().Out);
    }

    [Fact]
    public async Task Export_overwrites_only_when_told()
    {
        await box.RunAsync("create", "db");
        await box.RunAsync("execute", "db", "create table t(a)");
        File.WriteAllText(box.File("out.sqlite"), "precious");
        Assert.Equal(2, (await box.RunAsync("export", "db", "out.sqlite")).ExitCode);
        Assert.Equal("precious", File.ReadAllText(box.File("out.sqlite")));
        Assert.Equal(1, (await box.RunAsync("export", "db", "out.sqlite", "--overwrite", "--json")).Ok().Json().GetProperty("pageCount").GetInt64() - 1);
        Assert.Equal("ok\n", (await box.BashAsync("sqlite3 out.sqlite 'pragma integrity_check'")).Ok().Out);
    }

    [Fact]
    public async Task What_is_no_database_does_not_come_in()
    {
        File.WriteAllText(box.File("text.sqlite"), string.Concat(Enumerable.Repeat("This is no database. ", 500)));
        (await box.RunAsync("import", "db", "text.sqlite")).Failed(2, "text.sqlite");
        (await box.RunAsync("import", "db", "missing.sqlite")).Failed(2, "missing.sqlite");
        Assert.Empty((await box.RunAsync("list")).Ok().Lines());
    }

    [Fact]
    public async Task Export_to_nowhere_is_said()
    {
        await box.RunAsync("create", "db");
        (await box.RunAsync("export", "db", "no/such/folder/out.sqlite")).Failed(2, "no/such/folder");
        (await box.RunAsync("export", "nope", "out.sqlite")).Failed(2, "nope");
        Assert.False(File.Exists(box.File("out.sqlite")));
    }

    public void Dispose() => box.Dispose();
}
