namespace OrleansSqlite;

/// <summary>What a read promises. The default is <see cref="Strong"/>.</summary>
public readonly record struct ReadLevel
{
    private ReadLevel(ReadLevelKind kind, long version = 0, TimeSpan age = default, DateTimeOffset time = default, string? snapshot = null)
    {
        Kind = kind;
        Version = version;
        Age = age;
        Time = time;
        Snapshot = snapshot;
    }

    /// <summary>Which promise.</summary>
    public ReadLevelKind Kind { get; }

    /// <summary>The version for <see cref="AtLeast"/> and <see cref="AtVersion"/>; otherwise 0.</summary>
    public long Version { get; }

    /// <summary>The greatest age for <see cref="StaleBy"/>; otherwise zero.</summary>
    public TimeSpan Age { get; }

    /// <summary>The time for <see cref="AtTime"/>.</summary>
    public DateTimeOffset Time { get; }

    /// <summary>The name for <see cref="AtSnapshot"/>; otherwise null.</summary>
    public string? Snapshot { get; }

    /// <summary>Whether it names a version of the past rather than the newest one: such a read gives the same for ever, or fails.</summary>
    public bool IsPast => Kind is ReadLevelKind.AtVersion or ReadLevelKind.AtTime or ReadLevelKind.AtSnapshot;

    /// <summary>Sees every commit that was acknowledged anywhere before the read began. Costs one conditional GET, shared by all that wait.</summary>
    public static ReadLevel Strong => default;

    /// <summary>Sees at least that version: pass on the version of a write to read it elsewhere. Free if it is already here.</summary>
    public static ReadLevel AtLeast(long version)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        return new(ReadLevelKind.AtLeast, version);
    }

    /// <summary>Sees a version that was current at most <paramref name="age"/> ago. At most one GET in that time.</summary>
    public static ReadLevel StaleBy(TimeSpan age)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        return new(ReadLevelKind.StaleBy, age: age);
    }

    /// <summary>Sees exactly that version: time travel, for as long as the database keeps its history.</summary>
    public static ReadLevel AtVersion(long version)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        return new(ReadLevelKind.AtVersion, version);
    }

    /// <summary>Sees the newest version that was committed at that time or before: time travel, likewise.</summary>
    public static ReadLevel AtTime(DateTimeOffset time) => new(ReadLevelKind.AtTime, time: time);

    /// <summary>Sees the version that a named snapshot holds.</summary>
    public static ReadLevel AtSnapshot(string name) => new(ReadLevelKind.AtSnapshot, snapshot: DatabaseName.CheckSnapshot(name));
}

/// <summary>The kinds of <see cref="ReadLevel"/>.</summary>
public enum ReadLevelKind
{
    /// <summary>See <see cref="ReadLevel.Strong"/>.</summary>
    Strong,

    /// <summary>See <see cref="ReadLevel.AtLeast"/>.</summary>
    AtLeast,

    /// <summary>See <see cref="ReadLevel.StaleBy"/>.</summary>
    StaleBy,

    /// <summary>See <see cref="ReadLevel.AtVersion"/>.</summary>
    AtVersion,

    /// <summary>See <see cref="ReadLevel.AtTime"/>.</summary>
    AtTime,

    /// <summary>See <see cref="ReadLevel.AtSnapshot"/>.</summary>
    AtSnapshot,
}
