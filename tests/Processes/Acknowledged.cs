using System.Globalization;

namespace OrleansSqlite.Tests;

/// <summary>The rows that a worker was told are durable: their value, and the id that it was told.</summary>
internal static class Acknowledged
{
    /// <summary>Reads a worker's file of acknowledgements; empty if it did not get that far.</summary>
    public static List<(long Value, long Id)> Read(string file)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        string text = File.ReadAllText(file);
        Assert.True(text.Length == 0 || text.EndsWith('\n'), $"The last line of {file} is torn: this test can't tell what was acknowledged.");
        return
        [
            .. from line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
               let parts = line.Split(' ')
               select (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>
    /// Asserts that a table <c>t(id, v)</c> holds every acknowledged row exactly once, under the id that was told, and besides
    /// them nothing but what <paramref name="inFlight"/> allows: rows whose writer died before it could be told.
    /// </summary>
    public static async Task AssertKeptAsync(IDatabase database, IReadOnlyCollection<(long Value, long Id)> acknowledged, Func<long, bool>? inFlight = null)
    {
        var stored = (await database.QueryAllAsync("SELECT v, id FROM t ORDER BY id")).Select(row => (Value: row[0].AsInteger(), Id: row[1].AsInteger())).ToList();
        var twice = stored.GroupBy(row => row.Value).Where(group => group.Count() > 1).Select(group => group.Key);
        Assert.Equal([], twice);
        Assert.Equal(stored.Count, stored.DistinctBy(row => row.Id).Count());
        Assert.Equal([], acknowledged.Except(stored));
        Assert.Equal([], stored.Except(acknowledged).Where(row => inFlight is null || !inFlight(row.Value)));
    }
}
