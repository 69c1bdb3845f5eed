using System.Globalization;
using System.Security.Cryptography;

namespace OrleansSqlite.Tests;

/// <summary>A file goes in, is asked, comes out, is changed, comes out again; the <c>sqlite3</c> program does the same beside it.</summary>
internal static class RoundTrip
{
    /// <summary>Takes a file through all of it.</summary>
    /// <param name="directory">Where to work.</param>
    /// <param name="source">The file; those beside it whose names begin with its name belong to it.</param>
    /// <param name="file">What to ask of it and to change in it. Its script has made the source already.</param>
    public static async Task RunAsync(TemporaryDirectory directory, string source, RealFile file)
    {
        // What sqlite3 does, it does with a copy: it folds a WAL in when it closes a file.
        string twin = directory.Below("twin.db");
        CopyWithCompanions(source, twin);
        var before = Digests(source);
        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl);
        var imported = await engine.ImportAsync("app", source);
        Assert.Equal(before, Digests(source));
        Assert.Equal(1, imported.Version);
        await AssertSameAsync(engine, twin, file, directory.Below("first.db"), sameDump: true);

        // Many changes go both ways: in commits of their own, and in one commit.
        foreach (string write in file.Writes)
        {
            await engine.Open("app").ExecuteAsync(write);
        }

        string[] again = [.. file.Writes.Where(write => write.StartsWith("INSERT", StringComparison.Ordinal))];
        await engine.Open("app").ExecuteAsync(new Batch([.. again.Select(write => new Statement(write))]));
        await Sqlite3.RunAsync(twin, $"{string.Join(";\n", [.. file.Writes, .. again])};");
        await AssertSameAsync(engine, twin, file, directory.Below("second.db"), file.WritesAlike);

        // And in a process that has seen none of it.
        await using var fresh = await DatabaseEngine.OpenAsync(directory.StoreUrl);
        await AssertSameAsync(fresh, twin, file, directory.Below("third.db"), file.WritesAlike);
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

    private static async Task AssertSameAsync(DatabaseEngine engine, string twin, RealFile file, string exported, bool sameDump)
    {
        foreach (string query in file.Queries)
        {
            Assert.Equal(await Sqlite3.RunAsync(twin, $".mode quote\n{query};"), await AnswersAsync(engine.Open("app"), query));
        }

        await engine.ExportAsync("app", exported);
        await Sqlite3.AssertSoundAsync(exported);
        const string Settings = "PRAGMA page_size; PRAGMA encoding; PRAGMA auto_vacuum; PRAGMA user_version; PRAGMA application_id;";
        Assert.Equal(await Sqlite3.RunAsync(twin, Settings), await Sqlite3.RunAsync(exported, Settings));
        if (sameDump)
        {
            Assert.Equal(await Sqlite3.DumpDigestAsync(twin), await Sqlite3.DumpDigestAsync(exported));
        }

        await Sqlite3.RunAsync(exported, file.Check);
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
