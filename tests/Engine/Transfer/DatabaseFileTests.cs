using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.Transfer;

/// <summary>A database as the bytes of a file, written to a stream.</summary>
public sealed class DatabaseFileTests
{
    private static readonly DatabaseOptions Small = new() { Threads = 2, InlineBytes = 1 << 10 };

    [Fact]
    public async Task A_file_is_of_one_version_whatever_is_committed_meanwhile()
    {
        await using var scene = await Scene.WithAsync(2, Small, "CREATE TABLE t(v)", "INSERT INTO t VALUES (zeroblob(3000000))");
        using var file = await scene[0].Engine.OpenFileAsync(Scene.Name);
        using var first = new MemoryStream();
        List<long> done = [];
        await file.CopyToAsync(new Rival(first, () => scene[1].RunAsync("UPDATE t SET v = randomblob(3000000)")), new Noted(done));
        using var second = new MemoryStream();
        await file.CopyToAsync(second);

        Assert.Equal((1, file.Database.Bytes), (file.Database.Version, file.Bytes));
        Assert.Equal(file.Bytes, first.Length);
        Assert.True(first.ToArray().AsSpan().SequenceEqual(second.ToArray()));
        Assert.True(done.Count > 2 && done[^1] == file.Bytes && done.SequenceEqual(done.Order()));
    }

    [Fact]
    public async Task Each_version_and_the_empty_database_have_a_file()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(v)");
        await scene[0].RunAsync("INSERT INTO t VALUES (zeroblob(100000))");
        List<long> sizes = [];
        for (int version = 0; version <= 2; version++)
        {
            using var file = await scene[0].Engine.OpenFileAsync(Scene.Name, ReadLevel.AtVersion(version));
            using var bytes = new MemoryStream();
            await file.CopyToAsync(bytes);
            Assert.Equal(version, file.Database.Version);
            sizes.Add(bytes.Length);
        }

        Assert.Equal(0, sizes[0]);
        Assert.True(sizes[1] is > 0 and < 100_000 && sizes[2] > 100_000);
        var gone = await Process.FailureAsync(scene[0].Engine.OpenFileAsync(Scene.Name, ReadLevel.AtVersion(3)));
        Assert.Equal(ErrorCodes.VersionNotReached, gone.Code);
    }

    [Fact]
    public async Task A_file_that_was_let_go_is_not_read()
    {
        await using var scene = await Scene.WithAsync(1, Small, "CREATE TABLE t(v)");
        var file = await scene[0].Engine.OpenFileAsync(Scene.Name);
        file.Dispose();
        file.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => file.CopyToAsync(Stream.Null));
    }

    /// <summary>A destination during whose first write somebody else commits.</summary>
    private sealed class Rival(MemoryStream inner, Func<Task> commit) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (inner.Length == 0)
            {
                await commit();
            }

            await inner.WriteAsync(buffer, cancellationToken);
        }
    }

    private sealed class Noted(List<long> done) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => done.Add(value.BytesDone);
    }
}
