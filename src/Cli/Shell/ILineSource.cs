namespace OrleansSqlite.Cli;

/// <summary>Where the shell's lines come from.</summary>
internal interface ILineSource
{
    /// <summary>The next line, or null at the end.</summary>
    /// <exception cref="OperationCanceledException">The user has pressed Ctrl-C to drop what was typed.</exception>
    string? Read(string prompt);

    /// <summary>Remembers a whole input for the up key.</summary>
    void Remember(string input);
}

/// <summary>Lines of a file or a pipe: no prompts, no memory.</summary>
internal sealed class PlainLines(TextReader reader) : ILineSource
{
    public string? Read(string prompt) => reader.ReadLine();

    public void Remember(string input)
    {
    }
}
