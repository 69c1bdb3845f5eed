namespace OrleansSqlite;

/// <summary>What a read promises. The default is <see cref="Strong"/>.</summary>
public readonly record struct ReadLevel
{
    private ReadLevel(ReadLevelKind kind, long version, TimeSpan age)
    {
        Kind = kind;
        Version = version;
        Age = age;
    }

    /// <summary>Which promise.</summary>
    public ReadLevelKind Kind { get; }

    /// <summary>The version for <see cref="AtLeast"/>; otherwise 0.</summary>
    public long Version { get; }

    /// <summary>The greatest age for <see cref="StaleBy"/>; otherwise zero.</summary>
    public TimeSpan Age { get; }

    /// <summary>Sees every commit that was acknowledged anywhere before the read began. Costs one conditional GET, shared by all that wait.</summary>
    public static ReadLevel Strong => default;

    /// <summary>Sees at least that version: pass on the version of a write to read it elsewhere. Free if it is already here.</summary>
    public static ReadLevel AtLeast(long version)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(version);
        return new(ReadLevelKind.AtLeast, version, default);
    }

    /// <summary>Sees a version that was current at most <paramref name="age"/> ago. At most one GET in that time.</summary>
    public static ReadLevel StaleBy(TimeSpan age)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(age, TimeSpan.Zero);
        return new(ReadLevelKind.StaleBy, 0, age);
    }
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
}
