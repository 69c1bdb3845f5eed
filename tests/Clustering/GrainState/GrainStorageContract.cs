using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Stores;

namespace OrleansSqlite.Tests.GrainState;

/// <summary>What Orleans wants of a grain storage, on each kind of store.</summary>
public abstract class GrainStorageContract : IAsyncLifetime
{
    private IObjectStore store = null!;

    protected abstract IObjectStore Open();

    public Task InitializeAsync()
    {
        store = Open();
        return Task.CompletedTask;
    }

    public virtual async Task DisposeAsync() => await store.DisposeAsync();

    [StoreFact]
    public async Task A_state_that_was_never_written_is_a_new_one()
    {
        var state = await States.On(store).ReadAsync("1");
        Assert.Equal((false, null, "nothing yet"), (state.RecordExists, state.ETag, state.State!.Text));
    }

    [StoreFact]
    public async Task A_state_comes_back()
    {
        var written = States.New();
        await States.On(store).WriteAsync("1", written, "Grüße");
        Assert.True(written.RecordExists);
        var read = await States.On(store).ReadAsync("1");
        Assert.Equal((true, written.ETag, "Grüße"), (read.RecordExists, read.ETag, read.State!.Text));
    }

    [StoreFact]
    public async Task Every_write_has_a_tag_of_its_own_even_if_nothing_changed()
    {
        var storage = States.On(store);
        var state = States.New();
        List<string?> tags = [];
        for (int i = 0; i < 3; i++)
        {
            await storage.WriteAsync("1", state, "same");
            tags.Add(state.ETag);
        }

        Assert.Equal(3, tags.Distinct().Count());
        Assert.DoesNotContain(null, tags);
    }

    [StoreFact]
    public async Task A_write_on_what_was_not_read_is_refused_and_changes_nothing()
    {
        var storage = States.On(store);
        var first = States.New();
        await storage.WriteAsync("1", first, "first");
        var second = await storage.ReadAsync("1");
        await storage.WriteAsync("1", second, "second");
        string? stale = first.ETag;

        var error = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteAsync("1", first, "late"));
        Assert.Equal((second.ETag, stale), (error.StoredEtag, error.CurrentEtag));
        Assert.Contains($"The state 'state' of grain note/1 (store {store.Url}, object _grains/_53ervice/state/note/1) is not the one", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteAsync("1", States.New(), "new"));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearAsync("1", first));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearAsync("1", States.New()));
        Assert.Equal((stale, true), (first.ETag, first.RecordExists));
        Assert.Equal("second", (await storage.ReadAsync("1")).State!.Text);
    }

    [StoreFact]
    public async Task A_write_on_a_state_whose_object_is_gone_is_refused()
    {
        var storage = States.On(store);
        var state = States.New();
        await storage.WriteAsync("1", state, "first");
        await store.DeleteAsync("_grains/_53ervice/state/note/1", CancellationToken.None);
        var error = await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteAsync("1", state, "second"));
        Assert.Equal("none", error.StoredEtag);
        Assert.False((await storage.ReadAsync("1")).RecordExists);
    }

    [StoreFact]
    public async Task A_state_that_was_cleared_is_a_new_one_and_may_be_written_again()
    {
        var storage = States.On(store);
        var state = States.New();
        await storage.WriteAsync("1", state, "first");
        string? written = state.ETag;
        await storage.ClearAsync("1", state);
        Assert.Equal((false, "nothing yet"), (state.RecordExists, state.State!.Text));
        Assert.NotEqual(written, state.ETag);
        var read = await States.On(store).ReadAsync("1");
        Assert.Equal((false, state.ETag, "nothing yet"), (read.RecordExists, read.ETag, read.State!.Text));

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteAsync("1", new GrainState<Note>(new Note(), written!), "late"));
        await storage.ClearAsync("1", state);
        await storage.WriteAsync("1", state, "second");
        Assert.Equal((true, "second"), ((await storage.ReadAsync("1")).RecordExists, (await storage.ReadAsync("1")).State!.Text));
    }

    [StoreFact]
    public async Task To_clear_what_is_not_there_needs_no_object()
    {
        var storage = States.On(store);
        var state = States.New("stale");
        state.RecordExists = true;
        await storage.ClearAsync("1", state);
        Assert.Equal((false, null, "nothing yet"), (state.RecordExists, state.ETag, state.State!.Text));
        await storage.WriteAsync("1", state, "first");

        await storage.ClearAsync("1", state);
        var other = States.New("stale");
        await storage.ClearAsync("1", other);
        Assert.Equal(state.ETag, other.ETag);
        await storage.WriteAsync("1", other, "second");
    }

    [StoreFact]
    public async Task Of_many_activations_that_write_exactly_one_wins()
    {
        const int rivals = 8;
        await States.On(store).WriteAsync("1", States.New(), "first");
        for (int round = 0; round < 4; round++)
        {
            var states = await Task.WhenAll(Enumerable.Range(0, rivals).Select(_ => States.On(store).ReadAsync("1")));
            bool[] won = await Task.WhenAll(states.Select(async (state, i) =>
            {
                try
                {
                    await States.On(store).WriteAsync("1", state, $"{round}.{i}");
                    return true;
                }
                catch (InconsistentStateException)
                {
                    return false;
                }
            }));
            Assert.Single(won, true);
            Assert.Equal($"{round}.{Array.IndexOf(won, true)}", (await States.On(store).ReadAsync("1")).State!.Text);
        }
    }

    [StoreFact]
    public async Task States_of_other_names_grains_and_services_are_others()
    {
        GrainId[] grains =
        [
            GrainId.Create("note", "a"), GrainId.Create("note", "A"), GrainId.Create("Note", "a"), GrainId.Create("note", "a/b"), GrainId.Create("note", "a_2fb"),
            GrainId.Create("note", "."), GrainId.Create("note", ".."), GrainId.Create("note", "ä?*:\\"), GrainId.Create("note", new string('x', 5000)),
            GrainId.Create("note", new string('x', 5000) + "y"), GrainId.Create(GrainType.Create("note/a"), IdSpan.Create("b")),
            GrainId.Create(new GrainType([0xFF, 0xFE]), IdSpan.UnsafeCreate([0xFF], 1)), GrainId.Create(new GrainType([0xFF, 0xFE]), IdSpan.UnsafeCreate([0xFE], 2)),
        ];
        var states = grains.SelectMany(grain => new[] { (grain, "state", "s1"), (grain, "State", "s1"), (grain, "state", "s2") }).ToArray();
        foreach (var (grain, name, service) in states)
        {
            await States.On(store, service).WriteStateAsync(name, grain, States.New($"{service} {name} {grain}"));
        }

        foreach (var (grain, name, service) in states)
        {
            var read = States.New();
            await States.On(store, service).ReadStateAsync(name, grain, read);
            Assert.Equal($"{service} {name} {grain}", read.State!.Text);
        }
    }
}

public sealed class MemoryGrainStorage : GrainStorageContract
{
    protected override IObjectStore Open() => new MemoryStore();
}

public sealed class DirectoryGrainStorage : GrainStorageContract
{
    private readonly TemporaryDirectory directory = new();

    protected override IObjectStore Open() => new DirectoryStore(directory.Path);

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        directory.Delete();
    }
}

[NeedsS3Server]
[Trait("Category", "S3")]
public sealed class S3GrainStorage(S3Server server) : GrainStorageContract, IClassFixture<S3Server>
{
    protected override IObjectStore Open() => server.Open();
}
