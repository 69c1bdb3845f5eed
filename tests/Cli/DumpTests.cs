namespace OrleansSqlite.Tests;

public sealed class DumpTests : IAsyncLifetime, IDisposable
{
    private const string Schema =
        """"
        create table kind(id integer primary key autoincrement, name text unique);
        create table item(id integer primary key, kind references kind(id), "odd ""name""" any, price real, twice as (price * 2));
        create table pair(a, b, primary key (a, b)) without rowid;
        create index by_price on item(price);
        create view dear as select * from item where price > 1;
        create trigger note after insert on pair begin update item set price = price + 0; end;
        create virtual table words using fts5(body);
        insert into kind(name) values ('x'), ('y'), ('z');
        delete from kind where name = 'z';
        insert into item(id, kind, "odd ""name""", price) values
          (1, 1, 'it''s', 1.0), (2, 2, x'00ff', 9e999), (3, null, 'a' || char(0) || 'b', -9e999),
          (4, 1, 'two' || char(10) || 'lines; and 😀', 1e-30), (5, 1, 9223372036854775807, 0.1), (6, 1, null, null);
        insert into pair values (1, 'one'), (2, 'two');
        """";

    private readonly Sandbox box = new();

    public async Task InitializeAsync()
    {
        await box.RunAsync("create", "db");
        (await box.RunAsync("execute", "db", Schema)).Ok();
        (await box.RunAsync("execute", "db", "insert into words(rowid, body) values (7, 'hello world'), (9, 'goodbye')")).Ok();
    }

    [Fact]
    public async Task What_a_dump_says_makes_the_same_database_again()
    {
        var dump = (await box.RunAsync(".dump\n", ["shell", "db"])).Ok().Out;
        await box.RunAsync("create", "copy");
        (await box.RunAsync(dump, ["shell", "copy"])).Ok();

        foreach (var sql in (string[])
        [
            "select type, name, tbl_name, sql from sqlite_schema where name not like 'sqlite_%' order by name",
            "select *, typeof(price) from item", "select * from kind", "select * from pair", "select name, seq from sqlite_sequence order by 1",
            "select rowid, body from words('hello')",
        ])
        {
            var original = (await box.RunAsync("query", "db", sql, "--json")).Ok().Json().GetProperty("rows").GetRawText();
            Assert.NotEqual("[]", original);
            Assert.Equal(original, (await box.RunAsync("query", "copy", sql, "--json")).Ok().Json().GetProperty("rows").GetRawText());
        }
    }

    [Fact]
    public async Task The_sqlite3_program_reads_a_dump()
    {
        File.WriteAllText(box.File("dump.sql"), (await box.RunAsync(".dump\n", ["shell", "db"])).Ok().Out);
        (await box.BashAsync("sqlite3 copy.sqlite < dump.sql")).Ok();
        Assert.Equal("ok\n6|3\n", (await box.BashAsync("sqlite3 copy.sqlite 'pragma integrity_check; select (select count(*) from item), seq from sqlite_sequence'")).Ok().Out);
    }

    [Fact]
    public async Task One_table_can_be_dumped()
    {
        var dump = (await box.RunAsync(".dump kind\n", ["shell", "db"])).Ok().Out;
        Assert.Contains("CREATE TABLE kind", dump, StringComparison.Ordinal);
        Assert.DoesNotContain("item", dump, StringComparison.Ordinal);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => box.Dispose();
}
