namespace OrleansSqlite.Stores;

/// <summary>Why a store could not do what it was asked.</summary>
public enum StoreFailure
{
    /// <summary>No answer: the connection failed, timed out or broke (outcome unknown), or the store answered 5xx or "slow down".</summary>
    Unavailable,

    /// <summary>The store refused the credentials or the permission (HTTP 401, 403).</summary>
    Denied,

    /// <summary>There is no such object.</summary>
    Missing,

    /// <summary>There is no such bucket or directory, or the URL or a setting is wrong.</summary>
    Misconfigured,

    /// <summary>An object ends before its length says so.</summary>
    Truncated,

    /// <summary>The store is full or over its quota.</summary>
    Full,

    /// <summary>The store does not honour conditions, so no database may be kept in it.</summary>
    Unsafe,
}

/// <summary>A failure of the object store, with the store and the object that it concerns and what to do next. Never holds credentials.</summary>
public sealed class StoreException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="failure">Why.</param>
    /// <param name="store">The store's URL, without credentials.</param>
    /// <param name="key">The object's key, or null if it concerns the whole store.</param>
    /// <param name="message">What happened and what to do next, in a sentence or two.</param>
    /// <param name="inner">The error behind it.</param>
    public StoreException(StoreFailure failure, string store, string? key, string message, Exception? inner = null)
        : base($"{message} (store {store}{(key is null ? "" : $", object {key}")})", inner)
    {
        Failure = failure;
        Store = store;
        Key = key;
    }

    /// <summary>Why.</summary>
    public StoreFailure Failure { get; }

    /// <summary>The store's URL, without credentials.</summary>
    public string Store { get; }

    /// <summary>The object's key, or null if it concerns the whole store.</summary>
    public string? Key { get; }

    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient => Failure is StoreFailure.Unavailable;
}
