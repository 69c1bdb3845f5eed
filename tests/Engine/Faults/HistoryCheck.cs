namespace OrleansSqlite.Tests.Faults;

/// <summary>What must hold at the end of a history.</summary>
internal sealed class HistoryCheck(Scene scene, IReadOnlyCollection<Operation> operations)
{
    /// <summary>Checks it.</summary>
    public async Task RunAsync()
    {
        var witness = await scene.JoinAsync();
        Assert.Equal("ok", Assert.Single(await witness.ColumnAsync("PRAGMA integrity_check")));
        Assert.Empty(await witness.ColumnAsync("PRAGMA foreign_key_check"));
        await MarkersAsync(witness);
        await MoneyAsync(witness);
        await CountersAsync(witness);
        await IdsAsync(witness);
        await NamesAsync(witness);
        await ExportsAsync(witness);
    }

    private async Task MarkersAsync(Process witness)
    {
        var there = (await witness.Database.QueryAllAsync("SELECT marker, count(*) FROM done GROUP BY marker"))
            .ToDictionary(row => row[0].AsText(), row => row[1].AsInteger());
        Assert.All(there, pair => Assert.True(pair.Value == 1, $"{pair.Key} took effect {pair.Value} times."));
        foreach (var operation in operations.Where(operation => operation.Kind != "vacuum"))
        {
            bool isThere = there.ContainsKey(operation.Marker);
            Assert.True(operation.Ended != Ended.Landed || isThere, $"{operation} was acknowledged and is lost.");
            Assert.True(operation.Ended != Ended.Refused || !isThere, $"{operation} was refused and is there.");
        }

        // Callers of dead processes have not heard of theirs: those are all that may be there besides.
        long newest = (await scene.HeadAsync()).Version;
        Assert.All(operations, operation => Assert.True(operation.Version <= newest, $"{operation} is beyond version {newest}."));
        Assert.Equal(0, await witness.CountAsync(
            "SELECT count(*) FROM (SELECT marker FROM transfer UNION ALL SELECT marker FROM counted UNION ALL SELECT marker FROM issued UNION ALL SELECT marker FROM claim UNION ALL SELECT DISTINCT marker FROM bulk) WHERE marker NOT IN (SELECT marker FROM done)"));
    }

    private static async Task MoneyAsync(Process witness)
    {
        Assert.Equal(Workload.Accounts * Workload.Opening, await witness.CountAsync("SELECT sum(balance) FROM account"));
        Assert.Equal(0, await witness.CountAsync(
            $"""
            SELECT count(*) FROM account AS a WHERE balance <> {Workload.Opening}
              - (SELECT coalesce(sum(amount), 0) FROM transfer WHERE source = a.id)
              + (SELECT coalesce(sum(amount), 0) FROM transfer WHERE target = a.id)
            """));
    }

    private async Task CountersAsync(Process witness)
    {
        // Each step of a counter was taken once: 1, 2, 3, … without a gap.
        Assert.Equal(0, await witness.CountAsync(
            "SELECT count(*) FROM counter AS c WHERE n <> (SELECT count(DISTINCT n) FROM counted WHERE counter = c.id) OR n <> (SELECT count(*) FROM counted WHERE counter = c.id)"));
        var told = (await witness.Database.QueryAllAsync("SELECT marker, n FROM counted")).ToDictionary(row => row[0].AsText(), row => row[1].ToString());
        Assert.All(
            operations.Where(operation => operation.Kind is "count" or "recount" && operation.Ended == Ended.Landed && operation.Told.Length > 0),
            operation => Assert.Equal(told[operation.Marker], operation.Told));
    }

    private async Task IdsAsync(Process witness)
    {
        var issued = (await witness.Database.QueryAllAsync("SELECT marker, id FROM issued")).ToDictionary(row => row[0].AsText(), row => row[1].ToString());
        Assert.All(
            operations.Where(operation => operation.Kind == "issue" && operation.Ended == Ended.Landed && operation.Told.Length > 0),
            operation => Assert.Equal(issued[operation.Marker], operation.Told));
    }

    private async Task NamesAsync(Process witness)
    {
        var owners = (await witness.Database.QueryAllAsync("SELECT name, marker FROM claim")).ToDictionary(row => row[1].AsText(), row => row[0].AsText());
        Assert.All(
            operations.Where(operation => operation.Kind == "claim" && operation.Ended == Ended.Landed),
            operation => Assert.Equal(owners[operation.Marker], operation.Told));
    }

    private async Task ExportsAsync(Process witness)
    {
        byte[] expected = await ExportAsync(witness);
        foreach (var process in scene.Processes.Where(process => process is { IsDead: false, IsEnded: false }))
        {
            byte[] exported = await ExportAsync(process);
            Assert.True(exported.AsSpan().SequenceEqual(expected), "Two processes disagree about the bytes of the database.");
        }
    }

    private static async Task<byte[]> ExportAsync(Process process)
    {
        string file = Path.Combine(Path.GetTempPath(), $"history-{Guid.NewGuid():N}.sqlite");
        try
        {
            await process.Engine.ExportAsync(Scene.Name, file);
            return await File.ReadAllBytesAsync(file);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
