using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Faults;

namespace OrleansSqlite.Tests.TimeTravel;

/// <summary>What has no operation id, and whose outcome the store does not tell: the message says how to find out in another way.</summary>
public sealed class DoubtTests
{
    private const string Fork = "copy";

    public static TheoryData<string, string, string> Calls => new()
    {
        { "restore", Scene.HeadKey, "newest versions of its history" },
        { "snapshot", Scene.HeadKey, "list of its snapshots has 'named'" },
        { "retention", Scene.HeadKey, "Do it again" },
        { "collect", Scene.HeadKey, "Do it again" },
        { "delete", Scene.HeadKey, "whether the database is there" },
        { "fork", Scene.HeadKey, "Fork it again" },
        { "fork", Fork + "/head", "whether the database is there" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task The_advice_fits_the_call(string call, string key, string advice)
    {
        await using var scene = await Scene.WithAsync(1, "CREATE TABLE t(v)");
        await scene[0].RunAsync("INSERT INTO t VALUES (1)");
        bool isAway = false;
        scene[0].Store.Always = request => (isAway |= request.Verb == StoreVerb.Swap && request.Key == key) ? Fault.RequestLost : Fault.None;
        var (engine, database) = (scene[0].Engine, scene[0].Database);
        var error = await Process.FailureAsync(call switch
        {
            "restore" => database.RestoreAsync(ReadLevel.AtVersion(1)),
            "snapshot" => database.CreateSnapshotAsync("named"),
            "retention" => database.SetRetentionAsync(TimeSpan.FromDays(1)),
            "collect" => engine.CollectAsync(Scene.Name),
            "delete" => engine.DeleteAsync(Scene.Name),
            _ => engine.ForkAsync(Scene.Name, Fork),
        });

        Assert.Equal((ErrorKind.Unavailable, ErrorCodes.OutcomeUnknown, false), (error.Kind, error.Code, error.OutcomeKnown));
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("operation id", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Its own pin, read back with a byte too few or a bit wrong, is no other one's.</summary>
    [Theory]
    [InlineData(FaultKind.Flipped)]
    [InlineData(FaultKind.Truncated)]
    internal async Task A_pin_that_comes_back_damaged_on_the_way_is_read_again(FaultKind damage)
    {
        await using var scene = await Scene.WithAsync(1, "CREATE TABLE t(v)");
        bool isWritten = false, isDamaged = false;
        scene[0].Store.Always = request =>
        {
            if (!request.Key.Contains("/pins/", StringComparison.Ordinal))
            {
                return Fault.None;
            }

            if (request.Verb == StoreVerb.Swap && !isWritten)
            {
                isWritten = true;
                return Fault.ReplyLost;
            }

            if (request.Verb == StoreVerb.Read && !isDamaged)
            {
                isDamaged = true;
                return new Fault(damage);
            }

            return Fault.None;
        };
        var named = await scene[0].Database.CreateSnapshotAsync("named");
        Assert.Equal((true, true, 1), (isWritten, isDamaged, named.Version));
        Assert.Equal([named], await scene[0].Database.ListSnapshotsAsync());
    }
}
