namespace OrleansSqlite.Tests.Data;

/// <summary>The history names the tables that transactions of connections touched.</summary>
public sealed class TouchedTablesTests
{
    [Fact]
    public async Task By_statements_and_transactions_prepared_ones_and_those_that_ran_again()
    {
        await using var pair = await Pair.OpenAsync("CREATE TABLE a(v); CREATE TABLE b(v)");
        var here = pair.Connect();
        here.Execute("INSERT INTO a VALUES (1)");
        Assert.Equal(["a"], await NewestAsync(pair));

        using var insert = here.CreateCommand();
        insert.CommandText = "INSERT INTO b VALUES (1)";
        insert.Prepare();
        for (int i = 0; i < 2; i++)
        {
            using var transaction = here.BeginTransaction();
            insert.Transaction = transaction;
            insert.ExecuteNonQuery();
            if (i == 1)
            {
                pair.Rival("INSERT INTO a VALUES (2)");
            }

            transaction.Commit();
            Assert.Equal(["b"], await NewestAsync(pair));
        }

        using (var transaction = here.BeginTransaction())
        {
            here.Execute("INSERT INTO b VALUES (1)");
            transaction.Rollback();
        }

        here.Execute("INSERT INTO a VALUES (3)");
        Assert.Equal(["a"], await NewestAsync(pair));
    }

    private static async Task<IReadOnlyList<string>?> NewestAsync(Pair pair)
    {
        var database = pair.There.Open("app");
        await database.DescribeAsync(ReadLevel.Strong);
        await foreach (var version in database.HistoryAsync())
        {
            return version.Tables;
        }

        return null;
    }
}
