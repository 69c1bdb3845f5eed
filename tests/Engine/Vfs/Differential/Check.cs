using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>
/// Holds what both engines have stored against the plain database. Soundness, too: it takes a statement with a bug of SQLite to
/// damage that, but such statements are found now and then, and the engine must not do better.
/// </summary>
internal sealed class Check(Pair pair, SqliteConnection plain)
{
    /// <summary>Both engines show plain SQLite's content, as sound as there, and page for page the same.</summary>
    public async Task ContentAsync()
    {
        var expected = Dump.Of(plain);
        var integrity = plain.Rows("PRAGMA integrity_check").ToList();
        byte[][] pages = new byte[2][];
        for (int which = 0; which < 2; which++)
        {
            var app = await pair.AppAsync(which);
            Difference.AssertNone(expected, await app.ReadAsync(Dump.Of), $"What engine {which} holds");
            Difference.AssertNone(integrity, await app.ReadAsync(connection => connection.Rows("PRAGMA integrity_check").ToList()), $"The integrity of engine {which}");
            var head = await app.PinAsync(ReadLevel.Strong, default);
            pages[which] = PagesOf.All(head.Snapshot);

            // A file that is too long is sound to SQLite: it goes by the count in its header.
            Assert.Equal(PagesOf.Header(head.Snapshot, 28), head.Snapshot.PageCount);
            head.Snapshot.Release();
        }

        Assert.True(pages[0].AsSpan().SequenceEqual(pages[1]), "The two engines see different pages.");
    }

    /// <summary>Both engines export the same file, which plain SQLite finds as sound as its own, and of the same content.</summary>
    public async Task ExportsAsync()
    {
        var expected = Dump.Of(plain);
        var integrity = plain.Rows("PRAGMA integrity_check").ToList();
        byte[][] files = new byte[2][];
        for (int which = 0; which < 2; which++)
        {
            string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sqlite");
            try
            {
                await (await pair.EngineAsync(which)).ExportAsync(Pair.Name, file);
                files[which] = await File.ReadAllBytesAsync(file);
                using var exported = new SqliteConnection($"Data Source={file};Pooling=False");
                exported.Open();
                Difference.AssertNone(integrity, [.. exported.Rows("PRAGMA integrity_check")], $"The integrity of what engine {which} exports");
                Difference.AssertNone(expected, Dump.Of(exported), $"What engine {which} exports");
            }
            finally
            {
                File.Delete(file);
            }
        }

        Assert.True(files[0].AsSpan().SequenceEqual(files[1]), "The two engines export different files.");
    }
}
