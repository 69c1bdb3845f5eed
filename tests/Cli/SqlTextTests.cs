using OrleansSqlite.Cli;

namespace OrleansSqlite.Tests;

public sealed class SqlTextTests
{
    [Fact]
    public void Statements_are_told_apart_where_SQLite_does()
    {
        Assert.Equal(["a;", "b;"], SqlText.Statements("a; b;"));
        Assert.Equal(["select ';';", "select \";\""], SqlText.Statements("select ';'; select \";\""));
        Assert.Equal(["create trigger t after insert on x begin select 1; select 2; end;", "c"], SqlText.Statements("create trigger t after insert on x begin select 1; select 2; end; c"));
        Assert.Equal(["-- one; two\na;"], SqlText.Statements("-- one; two\na;"));
        Assert.Empty(SqlText.Statements(" ;; -- nothing\n ; /* ; */ "));
    }

    [Theory]
    [InlineData("begin", StatementKind.Begin)]
    [InlineData(" -- x\n BEGIN IMMEDIATE;", StatementKind.Begin)]
    [InlineData("/* x */commit;", StatementKind.Commit)]
    [InlineData("END TRANSACTION", StatementKind.Commit)]
    [InlineData("rollback", StatementKind.Rollback)]
    [InlineData("rollback transaction;", StatementKind.Rollback)]
    [InlineData("rollback to s", StatementKind.Other)]
    [InlineData("rollback transaction to savepoint s", StatementKind.Other)]
    [InlineData("beginning", StatementKind.Other)]
    [InlineData("select 1", StatementKind.Read)]
    [InlineData("Values (1)", StatementKind.Read)]
    [InlineData("pragma foreign_keys=off;", StatementKind.ForeignKeys)]
    [InlineData("pragma foreign_keys", StatementKind.Read)]
    [InlineData("pragma foreign_key_check", StatementKind.Read)]
    [InlineData("insert into t values (1)", StatementKind.Other)]
    public void The_first_words_tell_what_to_do(string sql, object kind) => Assert.Equal(kind, StatementKinds.Of(sql));

    [Fact]
    public void A_collector_gathers_lines_until_a_statement_is_whole()
    {
        var collector = new StatementCollector();
        Assert.Null(collector.Add(""));
        Assert.Null(collector.Add("-- a comment;"));
        Assert.False(collector.IsOpen);
        Assert.Null(collector.Add("select"));
        Assert.Null(collector.Add("';"));
        Assert.True(collector.IsOpen);
        Assert.Equal("select\n';\n';\n", collector.Add("';"));
        Assert.False(collector.IsOpen);
    }
}
