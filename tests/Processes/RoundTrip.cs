using System.Globalization;
using System.Security.Cryptography;

namespace OrleansSqlite.Tests;

/// <summary>A file goes in, is asked, comes out, is changed, comes out again; the <c>sqlite3</c> program does the same beside it.</summary>
internal static class RoundTrip
{
    /// <summary>Takes a file through all of it.</summary>
    /// <param name="directory">Where to work.</param>
    /// <param name="file">The file; those beside it whose names begin with its name belong to it.</param>
    /// <param name="queries">Asked on both sides.</param>
    /// <param name="writes">Done on both sides.</param>
    public static async Task RunAsync(TemporaryDirectory directory, string file, string[] queries, string[] writes)
    {
        // What sqlite3 does, it does with a copy: it folds a WAL in when it closes a file.
        string twin = directory.Below("twin.db");
        CopyWithCompanions(file, twin);
        var before = Digests(file);
        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl);
        var imported = await engine.ImportAsync("app", file);
        Assert.Equal(before, Digests(file));

        var database = engine.Open("app");
        Assert.Equal(1, imported.Version);
        foreach (string query in queries)
        {
            Assert.Equal(await Sqlite3.RunAsync(twin, $".mode quote\n{query};"), await AnswersAsync(database, query));
        }

        await AssertSameAsync(engine, directory.Below("first.db"), twin);
        foreach (string write in writes)
        {
            await database.ExecuteAsync(write);
        }

        // Both ways of carrying many changes: above in commits of their own, here in one.
        await database.ExecuteAsync(new Batch([.. writes.Where(write => write.StartsWith("INSERT", StringComparison.Ordinal)).Select(write => new Statement(write))]));
        string all = string.Join(";\n", [.. writes, .. writes.Where(write => write.StartsWith("INSERT", StringComparison.Ordinal))]);
        await Sqlite3.RunAsync(twin, $"{all};");
        await AssertSameAsync(engine, directory.Below("second.db"), twin);

        // And in a process that has seen none of it.
        await using var fresh = await DatabaseEngine.OpenAsync(directory.StoreUrl);
        await AssertSameAsync(fresh, directory.Below("third.db"), twin);
    }

    /// <summary>The name and the digest of a file and of those that belong to it.</summary>
    public static SortedDictionary<string, string> Digests(string file)
    {
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Directory.GetFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + "*"))
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            digests[Path.GetFileName(path)] = Convert.ToHexString(SHA256.HashData(stream));
        }

        return digests;
    }

    private static void CopyWithCompanions(string file, string copy)
    {
        foreach (string path in Directory.GetFiles(Path.GetDirectoryName(file)!, Path.GetFileName(file) + "*"))
        {
            File.Copy(path, copy + path[file.Length..]);
        }
    }

    private static async Task AssertSameAsync(DatabaseEngine engine, string exported, string twin)
    {
        await engine.ExportAsync("app", exported);
        await Sqlite3.AssertSoundAsync(exported);
        Assert.Equal(await Sqlite3.DumpDigestAsync(twin), await Sqlite3.DumpDigestAsync(exported));
        const string Settings = "PRAGMA page_size; PRAGMA encoding; PRAGMA auto_vacuum; PRAGMA user_version; PRAGMA application_id;";
        Assert.Equal(await Sqlite3.RunAsync(twin, Settings), await Sqlite3.RunAsync(exported, Settings));
    }

    private static async Task<string[]> AnswersAsync(EngineDatabase database, string query) =>
        [.. (await database.QueryAllAsync(query)).Select(row => string.Join(",", row.Select(Quoted)))];

    private static string Quoted(SqlValue value) => value.Type switch
    {
        SqlType.Null => "NULL",
        SqlType.Integer => value.AsInteger().ToString(CultureInfo.InvariantCulture),
        SqlType.Text => $"'{value.AsText().Replace("'", "''", StringComparison.Ordinal)}'",
        SqlType.Blob => $"X'{Convert.ToHexStringLower(value.AsBlob().Span)}'",
        _ => throw new InvalidOperationException("The two sides format reals in their own ways; ask for them with printf."),
    };
}
