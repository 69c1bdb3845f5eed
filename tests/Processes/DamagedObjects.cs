namespace OrleansSqlite.Tests;

/// <summary>
/// Objects of a database that were damaged, cut, lost, or written by a newer version: an error that names the object, never a wrong
/// row, never a write over them; and with the good bytes back everything is there.
/// </summary>
public sealed class DamagedObjects : IAsyncLifetime
{
    // A write that is left to others (the database was written a moment ago) is given up by a commit, for which too much may be damaged.
    private static readonly DatabaseOptions Options = new() { ProbeStore = false, Threads = 2, Combine = false };
    private readonly TemporaryDirectory directory = new();
    private readonly Random random = new(1);
    private string rows = "";

    private string Head => Path.Combine(directory.StorePath, "app/head");

    public async Task InitializeAsync()
    {
        await using (var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl))
        {
            await engine.CreateAsync("app");
            var app = engine.Open("app");
            await app.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)");

            // A segment above the size up to which one is read whole, a small one, and frames in the head.
            await app.ExecuteAsync("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, randomblob(1000) FROM n");
            await app.ExecuteAsync("UPDATE t SET v = randomblob(2000) WHERE id % 33 = 0");
            for (int i = 0; i < 5; i++)
            {
                await app.ExecuteAsync("INSERT INTO t(v) VALUES (randomblob(100))");
            }

            Assert.True((await app.DescribeAsync()).Segments >= 2);
        }

        rows = await ReadAsync();
    }

    public Task DisposeAsync()
    {
        directory.Delete();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_bit_that_flipped_in_the_head_is_found_wherever_it_is()
    {
        byte[] good = await File.ReadAllBytesAsync(Head);
        var places = Enumerable.Range(0, Math.Min(300, good.Length)).Concat(Enumerable.Range(0, 200).Select(_ => random.Next(good.Length)));
        foreach (int place in places)
        {
            byte[] bad = [.. good];
            bad[place] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(Head, bad);
            var error = await RefusedAsync(engine => engine.Open("app").DescribeAsync());

            // One in the format's version can't be told from a newer version.
            Assert.True(error.Code == ErrorCodes.Damaged || (error.Code == ErrorCodes.TooNew && place is 8 or 9), $"Byte {place}: {error.Code}.");
            Assert.Equal("app/head", error.Object);
            Assert.Contains("app/head", error.Message, StringComparison.Ordinal);
        }

        await AssertWholeAgainAsync(Head, good);
    }

    [Fact]
    public async Task A_head_that_was_cut_is_found()
    {
        byte[] good = await File.ReadAllBytesAsync(Head);
        int[] lengths = [0, 1, 8, 12, 95, 96, 99, 100, 101, good.Length / 2, good.Length - 100, good.Length - 1, .. Enumerable.Range(0, 50).Select(_ => random.Next(good.Length))];
        foreach (int length in lengths)
        {
            await File.WriteAllBytesAsync(Head, good[..length]);
            Assert.Equal((ErrorCodes.Damaged, "app/head"), await RefusedAsync(engine => engine.Open("app").DescribeAsync()) is var error ? (error.Code, error.Object) : default);
        }

        await File.WriteAllBytesAsync(Head, [.. good, 0]);
        Assert.Equal(ErrorCodes.Damaged, (await RefusedAsync(engine => engine.Open("app").DescribeAsync())).Code);
        await AssertWholeAgainAsync(Head, good);
    }

    [Theory]
    [InlineData(ErrorCodes.Damaged)]
    [InlineData(ErrorCodes.TooNew)]
    public async Task A_head_that_is_not_understood_is_never_written_over(string code)
    {
        byte[] good = await File.ReadAllBytesAsync(Head);
        byte[] bad = [.. good];
        bad[code == ErrorCodes.TooNew ? 8 : 40] ^= 0x04;
        await File.WriteAllBytesAsync(Head, bad);
        string file = directory.Below("empty.db");
        await File.WriteAllBytesAsync(file, []);
        Func<DatabaseEngine, Task>[] calls =
        [
            engine => engine.Open("app").ExecuteAsync("DELETE FROM t"),
            engine => engine.Open("app").WriteAsync(connection => 0),
            engine => engine.Open("app").QueryAllAsync("SELECT * FROM t"),
            engine => engine.ExportAsync("app", directory.Below("out.db")),
            engine => engine.ImportAsync("app", file, replace: true),
            engine => engine.CreateAsync("app"),
            engine => engine.DeleteAsync("app"),
            async engine => await engine.ListAsync().ToListAsync(),
        ];
        foreach (var call in calls)
        {
            var error = await RefusedAsync(call);
            Assert.Equal((code, "app/head"), (error.Code, error.Object));
            Assert.Equal(bad, await File.ReadAllBytesAsync(Head));
        }

        Assert.False(File.Exists(directory.Below("out.db")));
        await AssertWholeAgainAsync(Head, good);
    }

    [Fact]
    public async Task A_bit_that_flipped_in_a_segment_is_found_where_it_matters()
    {
        foreach (string segment in Segments())
        {
            byte[] good = await File.ReadAllBytesAsync(segment);
            string key = $"app/segments/{Path.GetFileName(segment)}";
            int found = 0;
            for (int i = 0; i < 60; i++)
            {
                // The first ones in the blocks, which begin behind the header; the others anywhere, the index and the footer included.
                int place = i < 20 ? 52 + random.Next(good.Length / 2) : random.Next(good.Length);
                byte[] bad = [.. good];
                bad[place] ^= (byte)(1 << random.Next(8));
                await File.WriteAllBytesAsync(segment, bad);
                var error = await ReadOrRefuseAsync();
                found += error is null ? 0 : 1;
                Assert.True(error is not null || i >= 20, $"Byte {place} of {key}: a bit of a block flipped, and nobody noticed.");
                Assert.True(error is null || ((error.Code, error.Object) == (ErrorCodes.Damaged, key)), $"Byte {place} of {key}: {error?.Message}");
            }

            Assert.InRange(found, 20, 60);
            await AssertWholeAgainAsync(segment, good);
        }
    }

    [Fact]
    public async Task A_segment_that_was_cut_or_lost_is_found()
    {
        foreach (string segment in Segments())
        {
            byte[] good = await File.ReadAllBytesAsync(segment);
            string key = $"app/segments/{Path.GetFileName(segment)}";
            foreach (int length in new[] { good.Length / 2, 100, 0, -1 })
            {
                if (length < 0)
                {
                    File.Delete(segment);
                }
                else
                {
                    await File.WriteAllBytesAsync(segment, good[..length]);
                }

                Func<DatabaseEngine, Task>[] calls =
                [
                    engine => engine.Open("app").QueryAllAsync("SELECT id, v FROM t"),
                    engine => engine.Open("app").ExecuteAsync("UPDATE t SET v = zeroblob(2000)"),
                    engine => engine.Open("app").WriteAsync(connection => Count(connection)),
                    engine => engine.Open("app").ReadAsync(connection => Count(connection)),
                    engine => engine.ExportAsync("app", directory.Below("out.db")),
                ];
                foreach (var call in calls)
                {
                    var error = await RefusedAsync(call);
                    Assert.Equal((ErrorCodes.Damaged, key), (error.Code, error.Object));
                    Assert.Contains(key, error.Message, StringComparison.Ordinal);
                }

                Assert.False(File.Exists(directory.Below("out.db")));
            }

            await AssertWholeAgainAsync(segment, good);
        }
    }

    private static long Count(Microsoft.Data.Sqlite.SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sum(length(v)) + count(*) FROM t";
        return (long)command.ExecuteScalar()!;
    }

    private string[] Segments()
    {
        // Those that the head names; others may have been replaced by them.
        byte[] head = File.ReadAllBytes(Head);
        string[] named =
        [
            .. from path in Directory.GetFiles(Path.Combine(directory.StorePath, "app/segments"))
               let id = Convert.FromHexString(Path.GetFileName(path)).Reverse().ToArray()
               where head.AsSpan().IndexOf(id) >= 0
               select path,
        ];
        Assert.True(named.Length >= 2);
        return named;
    }

    private async Task AssertWholeAgainAsync(string path, byte[] good)
    {
        await File.WriteAllBytesAsync(path, good);
        Assert.Equal(rows, await ReadAsync());
    }

    /// <summary>All rows of the table, as a digest, by a process that has nothing in memory.</summary>
    private async Task<string> ReadAsync()
    {
        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl, Options);
        var all = await engine.Open("app").QueryAllAsync("SELECT id, v FROM t ORDER BY id");
        using var digest = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        foreach (var row in all)
        {
            digest.AppendData(BitConverter.GetBytes(row[0].AsInteger()));
            digest.AppendData(row[1].AsBlob().Span);
        }

        return $"{all.Count} {Convert.ToHexString(digest.GetHashAndReset())}";
    }

    /// <summary>Null if all rows are right; the error if they can't be read.</summary>
    private async Task<DatabaseException?> ReadOrRefuseAsync()
    {
        try
        {
            Assert.Equal(rows, await ReadAsync());
            return null;
        }
        catch (DatabaseException e)
        {
            Assert.Equal(ErrorKind.Corrupt, e.Kind);
            return e;
        }
    }

    private async Task<DatabaseException> RefusedAsync(Func<DatabaseEngine, Task> call)
    {
        await using var engine = await DatabaseEngine.OpenAsync(directory.StoreUrl, Options);
        var error = await Assert.ThrowsAsync<DatabaseException>(() => call(engine));
        Assert.True(error.Kind == ErrorKind.Corrupt, $"{error.Kind} {error.Code}: {error.Message}");
        return error;
    }
}
