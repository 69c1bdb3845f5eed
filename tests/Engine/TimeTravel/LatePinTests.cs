using OrleansSqlite.Maintenance;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

/// <summary>
/// A pin is written again when the swap that registers it has lost, for the version may by then stand in other segments. A request for the earlier
/// one, given up long ago, may still reach the store: it must not take the place of the later one.
/// </summary>
public sealed class LatePinTests
{
    [Fact]
    public Task Of_a_fork() => CheckAsync(scene => scene[0].Engine.ForkAsync(Scene.Name, "copy", ReadLevel.AtVersion(6)));

    [Fact]
    public Task Of_a_fork_of_a_fork() => CheckAsync(async scene =>
    {
        await scene[1].Engine.ForkAsync(Scene.Name, "first", ReadLevel.AtVersion(6));
        await scene[0].Engine.ForkAsync("first", "copy");
    });

    [Fact]
    public Task Of_a_snapshot() => CheckAsync(scene => scene[0].Database.CreateSnapshotAsync("kept", ReadLevel.AtVersion(6)));

    private static async Task CheckAsync(Func<Scene, Task> pin)
    {
        await using var scene = await ForkTests.WithRowsAsync(10);
        var written = new Dictionary<string, int>();
        int losses = 0;
        scene[0].Store.Before = async request =>
        {
            if (request.Verb == StoreVerb.Swap && request.Key == $"{Scene.Name}/head" && losses++ < 2)
            {
                await scene[1].RunAsync("UPDATE t SET w = hex(randomblob(300))");
            }
        };

        // The first request of each attempt that is going to lose goes astray.
        scene[0].Store.Always = request =>
        {
            bool isPin = request.Verb is StoreVerb.Write or StoreVerb.Swap && request.Key.Contains("/pins/", StringComparison.Ordinal);
            written[request.Key] = written.GetValueOrDefault(request.Key) + (isPin ? 1 : 0);
            return isPin && losses < 2 && written[request.Key] % 2 == 1 ? Fault.LateBy(1_000_000) : Fault.None;
        };
        await pin(scene);
        Assert.Equal(3, losses);
        Assert.Contains(written.Values, requests => requests >= 5);

        var before = await PinsAsync(scene);
        await scene[0].Store.SettleAsync();
        Assert.Equal(before, await PinsAsync(scene));
    }

    private static async Task<(string Key, string Content)[]> PinsAsync(Scene scene)
    {
        var pins = await Pins.ReadAllAsync(scene[1].Database.Context, CancellationToken.None);
        return [.. pins.Select(found => (found.Key, Convert.ToHexString(found.Pin.Encode())))];
    }
}
