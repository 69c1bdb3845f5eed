namespace OrleansSqlite.Tests.Faults;

/// <summary>What a request does.</summary>
internal enum StoreVerb
{
    /// <summary>Reads a whole object.</summary>
    Read,

    /// <summary>Reads a range of one.</summary>
    ReadRange,

    /// <summary>Writes one without a condition.</summary>
    Write,

    /// <summary>Swaps one.</summary>
    Swap,

    /// <summary>Deletes one.</summary>
    Delete,
}

/// <summary>A request that a store has received.</summary>
/// <param name="Verb">What it does.</param>
/// <param name="Key">To which object.</param>
/// <param name="Number">Its number at this store, from 1.</param>
internal readonly record struct StoreRequest(StoreVerb Verb, string Key, int Number);
