namespace OrleansSqlite.Format;

/// <summary>The one place that makes the errors about stored bytes.</summary>
internal static class Corruption
{
    /// <summary>A checksum, a length or a field of the object is wrong.</summary>
    /// <param name="objectKey">The object's key in the store.</param>
    /// <param name="what">What is wrong, as a clause without a full stop.</param>
    public static DatabaseException Damaged(string objectKey, string what) => new(
        ErrorKind.Corrupt,
        ErrorCodes.Damaged,
        $"The object {objectKey} is damaged: {what}. None of it was used. Read the database with verify to learn what else is "
        + "affected; then put the object back from a copy (an older version of it in the bucket, if versioning is on), "
        + "or restore the database to a version that does not need it.")
    {
        Object = objectKey,
        Damage = what,
    };

    /// <summary>The object uses something that this version of the software does not know.</summary>
    /// <param name="objectKey">The object's key in the store.</param>
    /// <param name="what">What is unknown, as a clause without a full stop.</param>
    public static DatabaseException TooNew(string objectKey, string what) => new(
        ErrorKind.Corrupt,
        ErrorCodes.TooNew,
        $"The object {objectKey} was written by a newer version of this software: {what}. Nothing was changed. "
        + "Update this software; if it is the newest already, the object is damaged: put it back from a copy.")
    {
        Object = objectKey,
        Damage = what,
    };
}
