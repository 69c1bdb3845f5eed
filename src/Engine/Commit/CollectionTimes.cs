namespace OrleansSqlite.Commit;

/// <summary>How careful a collection is with time. One for all; a simulation of minutes sets its own.</summary>
/// <param name="LeastRetention">However short the retention: a reader that is slower than this may find its pages gone.</param>
/// <param name="Margin">How much older than the collection's swap an object must be: the clocks of a store's machines may differ by seconds.</param>
internal sealed record CollectionTimes(TimeSpan LeastRetention, TimeSpan Margin)
{
    /// <summary>An hour, and ten minutes.</summary>
    public static CollectionTimes Default { get; } = new(TimeSpan.FromHours(1), TimeSpan.FromMinutes(10));
}
