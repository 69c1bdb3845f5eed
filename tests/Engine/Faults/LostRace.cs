namespace OrleansSqlite.Tests.Faults;

/// <summary>
/// A transaction that a rival overtakes: the rival commits while the swap (or, if nothing was changed, the confirmation) is on
/// its way, so that the transaction runs again. What comes of it is compared with the same two run one after the other by one process.
/// </summary>
internal static class LostRace
{
    /// <summary>Runs the race, as a batch or as a closure, and checks it against the serial run.</summary>
    public static async Task<Ending> RunAsync(string[] schema, string[] rival, string[] mine, bool asClosure = false)
    {
        await using var serial = await Scene.WithAsync(1, schema);
        await serial[0].RunAllAsync(rival);
        var expected = await EndAsync(serial[0], mine, asClosure);

        await using var scene = await Scene.WithAsync(2, schema);
        bool overtaken = false;
        scene[0].Store.Before = async request =>
        {
            if (!overtaken && request.Key == Scene.HeadKey && request.Verb is StoreVerb.Swap or StoreVerb.Read)
            {
                overtaken = true;
                await scene[1].RunAllAsync(rival);
            }
        };
        var actual = await EndAsync(scene[0], mine, asClosure);
        Assert.True(overtaken);
        Assert.Equal(expected, actual);

        // The same for whoever else looks.
        var witness = await scene.JoinAsync();
        Assert.Equal(expected.Dump, await DumpAsync(witness));
        Assert.Equal("ok", Assert.Single(await witness.ColumnAsync("PRAGMA integrity_check")));
        return actual;
    }

    private static async Task<Ending> EndAsync(Process process, string[] mine, bool asClosure)
    {
        string told;
        try
        {
            if (asClosure)
            {
                var result = await process.Database.WriteAsync(db => string.Join('\n', mine.Select(sql => Sql.Rows(db, sql))));
                told = $"version {result.Version}\n{result.Value}";
            }
            else
            {
                var result = await process.RunAllAsync(mine);
                told = $"version {result.Version}\n" + string.Join('\n', result.Results.Select(one =>
                    $"{string.Join(';', one.Rows.Select(row => string.Join('|', row)))} {one.Changes} {one.LastInsertRowId}"));
            }
        }
        catch (Exception e) when (e is DatabaseException or Microsoft.Data.Sqlite.SqliteException)
        {
            told = e.Message;
        }

        return new Ending(told, await DumpAsync(process));
    }

    private static async Task<string> DumpAsync(Process process)
    {
        List<string> lines = [await process.RowsAsync("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name, sql")];
        foreach (string table in await process.ColumnAsync("SELECT name FROM pragma_table_list WHERE type IN ('table', 'virtual', 'shadow') AND schema = 'main' AND name <> 'sqlite_schema' ORDER BY name"))
        {
            // In the order in which they are stored, rowids included where there are any.
            bool rowids = await process.CountAsync($"SELECT count(*) FROM pragma_table_list WHERE name = '{table}' AND wr = 0 AND type = 'table'") > 0;
            lines.Add($"{table}:\n" + await process.RowsAsync(rowids ? $"SELECT rowid, * FROM \"{table}\"" : $"SELECT * FROM \"{table}\""));
        }

        return string.Join('\n', lines);
    }

    /// <summary>How a race ended.</summary>
    /// <param name="Told">What the caller was told: version, rows, changes, rowids, or the error.</param>
    /// <param name="Dump">The database afterwards.</param>
    internal sealed record Ending(string Told, string Dump);
}
