using System.Text;

namespace OrleansSqlite.Cli;

/// <summary>Gathers lines until they hold whole statements.</summary>
internal sealed class StatementCollector
{
    private readonly StringBuilder gathered = new();

    /// <summary>Whether a statement has begun and not ended.</summary>
    public bool IsOpen => gathered.Length > 0;

    /// <summary>Adds a line, and gives the statements if it ends them.</summary>
    public string? Add(string line)
    {
        if (!IsOpen && SqlText.FirstWord(line).Length == 0 && !line.TrimStart().StartsWith("/*", StringComparison.Ordinal))
        {
            return null;
        }

        gathered.Append(line).Append('\n');
        // Only a line with a semicolon can end a statement: without this, a statement of many lines would be looked through for each of them.
        return line.Contains(';', StringComparison.Ordinal) && SqlText.IsComplete(gathered.ToString()) ? Take() : null;
    }

    /// <summary>Gives what there is, complete or not.</summary>
    public string Take()
    {
        var sql = gathered.ToString();
        gathered.Clear();
        return sql;
    }
}
