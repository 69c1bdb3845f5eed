using OrleansSqlite.Simulation.Clock;
using OrleansSqlite.Simulation.Processes;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Simulation.Store;

/// <summary>
/// The objects, as S3 keeps them: strongly consistent, tags made of the content, and conditional writes on one key one after the other,
/// about fifteen a second.
/// </summary>
internal sealed class Bucket(World world, Dice dice)
{
    private static readonly TimeSpan Spacing = TimeSpan.FromSeconds(1.0 / 15);
    private static readonly TimeSpan SwapMedian = TimeSpan.FromMilliseconds(34);
    private readonly SortedDictionary<string, StoredObject> objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> busyUntil = new(StringComparer.Ordinal);

    /// <summary>How often a conditional write that meets another one is answered 409 in place of waiting for it.</summary>
    public double ConflictChance { get; set; }

    /// <summary>Whether a conditional write that has lost is refused at once, and only those that are applied follow one another, fifteen a second.</summary>
    public bool RefusesAtOnce { get; init; }

    /// <summary>Called when a conditional write has been applied.</summary>
    public Action<string, StoredObject>? Swapped { get; set; }

    /// <summary>Every object that was ever written and is never changed, also those that were deleted since: what readers of the past ought to see.</summary>
    public Dictionary<string, byte[]> Archive { get; } = new(StringComparer.Ordinal);

    /// <summary>All keys, in order.</summary>
    public IEnumerable<KeyValuePair<string, StoredObject>> Objects => objects;

    /// <summary>An object, if it is there.</summary>
    public StoredObject? Find(string key) => objects.GetValueOrDefault(key);

    /// <summary>GET, on the condition that the object is not the one with that tag.</summary>
    public ReadResult Read(string key, ETag? unless)
    {
        var now = InstanceClock.RightTime(world.Now);
        return Find(key) is not { } there ? ReadResult.Missing with { Now = now }
            : there.Tag == unless ? ReadResult.NotModified with { Modified = there.Modified, Now = now }
            : new ReadResult(ReadAnswer.Found, there.Content, there.Tag, there.Modified, now);
    }

    /// <summary>PUT without a condition.</summary>
    public void Write(string key, byte[] content)
    {
        objects[key] = new StoredObject(content, InstanceClock.RightTime(world.Now));
        if (key.Contains("/segments/", StringComparison.Ordinal))
        {
            Archive[key] = content;
        }
    }

    /// <summary>DELETE.</summary>
    public void Delete(string key) => objects.Remove(key);

    /// <summary>PUT on the condition that the object has that tag, or that there is none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">The new content.</param>
    /// <param name="expected">The tag.</param>
    /// <param name="answer">Called with the answer once the write has been applied or refused.</param>
    public void Swap(string key, byte[] content, ETag? expected, Action<SwapResult> answer)
    {
        var free = busyUntil.GetValueOrDefault(key);
        if (RefusesAtOnce)
        {
            if (free > world.Now && Find(key)?.Tag == expected)
            {
                world.After(free - world.Now, () => Swap(key, content, expected, answer));
                return;
            }

            var result = Apply(key, content, expected);
            busyUntil[key] = result.Answer == SwapAnswer.Done ? world.Now + Spacing : free;
            answer(result);
            return;
        }

        if (free > world.Now && dice.Chance(ConflictChance))
        {
            answer(SwapResult.Busy);
            return;
        }

        var done = (free > world.Now ? free : world.Now) + dice.Around(SwapMedian, 0.35);
        busyUntil[key] = done;
        world.After(done - world.Now, () => answer(Apply(key, content, expected)));
    }

    private SwapResult Apply(string key, byte[] content, ETag? expected)
    {
        var there = Find(key);
        if (expected is not null && there is null)
        {
            return SwapResult.Gone;
        }

        if (there?.Tag != expected)
        {
            return SwapResult.Lost;
        }

        Write(key, content);
        var stored = objects[key];
        Swapped?.Invoke(key, stored);
        return SwapResult.Done(stored.Tag);
    }
}

/// <summary>An object.</summary>
internal sealed class StoredObject(byte[] content, DateTimeOffset modified)
{
    private ETag? tag;

    public byte[] Content => content;

    public DateTimeOffset Modified => modified;

    public ETag Tag => tag ??= ContentTag.Of(content);
}
