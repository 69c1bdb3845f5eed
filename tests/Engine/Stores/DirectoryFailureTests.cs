using System.Diagnostics;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>A directory store when the file system has a bad day, and what it finds after one.</summary>
public sealed class DirectoryFailureTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryDirectory directory = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        directory.Delete();
        return Task.CompletedTask;
    }

    [RootFact]
    public async Task A_full_disk_is_full_and_what_was_stored_stays()
    {
        await WithFileSystemAsync("size=1m", async () =>
        {
            await using var store = new DirectoryStore(directory.Path);
            ETag tag = (await store.SwapAsync("db/head", "one"u8.ToArray(), null, None)).Tag;
            byte[] big = new byte[2 << 20];
            await AssertFailsAsync(StoreFailure.Full, async () => await store.WriteAsync("db/a", big, None));
            await AssertFailsAsync(StoreFailure.Full, async () => await store.SwapAsync("db/head", big, tag, None));
            Assert.Equal(tag, (await store.ReadAsync("db/head", null, None)).Tag);
            Assert.Equal("db/head", Assert.Single(await store.ListAsync("", None).ToArrayAsync()).Key);

            // The attempts have left nothing that takes up the rest of the disk.
            Assert.Equal(SwapAnswer.Done, (await store.SwapAsync("db/head", new byte[500_000], tag, None)).Answer);
        });
    }

    [RootFact]
    public async Task A_read_only_disk_is_read_and_denies_writes()
    {
        await WithFileSystemAsync("size=1m", async () =>
        {
            await new DirectoryStore(directory.Path).WriteAsync("db/a", "one"u8.ToArray(), None);
            await ShellAsync("mount", "-o", "remount,ro", directory.Path);
            await using var store = new DirectoryStore(directory.Path);
            ReadResult read = await store.ReadAsync("db/a", null, None);
            Assert.Equal(ReadAnswer.Found, read.Answer);
            Assert.Single(await store.ListAsync("", None).ToArrayAsync());
            await AssertFailsAsync(StoreFailure.Denied, async () => await store.WriteAsync("db/b", "two"u8.ToArray(), None));
            await AssertFailsAsync(StoreFailure.Denied, async () => await store.SwapAsync("db/a", "two"u8.ToArray(), read.Tag, None));
            await AssertFailsAsync(StoreFailure.Denied, async () => await store.DeleteAsync("db/a", None));
        });
    }

    [Fact]
    public async Task A_limit_on_the_size_of_files_is_full_too()
    {
        // In blocks of 1024 bytes; without the trap the signal would end the process.
        string said = await RaceProcess.RunAfterAsync("trap '' XFSZ; ulimit -f 1000", "write", $"file:{directory.Path}", "db/a", $"{2 << 20}");
        Assert.StartsWith("Full: ", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_is_misconfigured()
    {
        Directory.CreateDirectory(directory.Path);
        await File.WriteAllTextAsync(directory.Below("file"), "");
        await AssertFailsAsync(StoreFailure.Misconfigured, () => Task.FromResult(new DirectoryStore(directory.Below("file"))));
        await AssertFailsAsync(StoreFailure.Misconfigured, () => Task.FromResult(new DirectoryStore(directory.Below("file/below"))));
        _ = new DirectoryStore(directory.Below("made/with/its/parents"));
        Assert.True(Directory.Exists(directory.Below("made/with/its/parents")));
    }

    [Fact]
    public async Task What_killed_writers_left_is_out_of_sight_and_swept_when_it_is_old()
    {
        await new DirectoryStore(directory.Path).WriteAsync("db/a", "one"u8.ToArray(), None);
        string old = directory.Below(".orleans-sqlite/temp/1-old");
        string fresh = directory.Below(".orleans-sqlite/temp/1-fresh");
        await File.WriteAllTextAsync(old, "");
        await File.WriteAllTextAsync(fresh, "");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddMinutes(-70));

        await using var store = new DirectoryStore(directory.Path);
        Assert.Single(await store.ListAsync("", None).ToArrayAsync());
        Assert.Equal(["db"], await store.ListFoldersAsync("", None).ToArrayAsync());
        await store.WriteAsync("db/b", "two"u8.ToArray(), None);
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(fresh));
    }

    [Fact]
    public async Task Foreign_files_and_links_are_no_objects()
    {
        await using var store = new DirectoryStore(directory.Path);
        await store.WriteAsync("db/a", "one"u8.ToArray(), None);
        await File.WriteAllTextAsync(directory.Below("db/not a key"), "");
        Directory.CreateSymbolicLink(directory.Below("db/circle"), directory.Path);
        Assert.Equal("db/a", Assert.Single(await store.ListAsync("", None).ToArrayAsync()).Key);
    }

    [Fact]
    public async Task A_folder_that_was_deleted_by_hand_is_made_again()
    {
        await using var store = new DirectoryStore(directory.Path);
        await store.WriteAsync("db/segments/a", "one"u8.ToArray(), None);
        Directory.Delete(directory.Below("db"), recursive: true);
        await store.WriteAsync("db/segments/b", "two"u8.ToArray(), None);
        Assert.Equal("db/segments/b", Assert.Single(await store.ListAsync("", None).ToArrayAsync()).Key);
    }

    private static async Task AssertFailsAsync(StoreFailure failure, Func<Task> call) =>
        Assert.Equal(failure, (await Assert.ThrowsAsync<StoreException>(call)).Failure);

    private async Task WithFileSystemAsync(string options, Func<Task> test)
    {
        Directory.CreateDirectory(directory.Path);
        await ShellAsync("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory.Path);
        try
        {
            await test();
        }
        finally
        {
            await ShellAsync("umount", directory.Path);
        }
    }

    private static async Task ShellAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>A test that mounts a file system of its own.</summary>
    private sealed class RootFactAttribute : FactAttribute
    {
        public RootFactAttribute() =>
            Skip = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? null : "Needs root on Linux, to mount a small file system.";
    }
}
