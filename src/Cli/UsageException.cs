namespace OrleansSqlite.Cli;

/// <summary>The caller asked for something that the command line cannot do as it stands.</summary>
internal sealed class UsageException(string message, string next) : Exception(message)
{
    /// <summary>What to do instead.</summary>
    public string Next { get; } = next;
}
