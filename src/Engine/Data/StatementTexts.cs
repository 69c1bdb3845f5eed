using System.Runtime.InteropServices;
using System.Text;

namespace OrleansSqlite.Data;

/// <summary>The texts of a command's compiled statements, as strings: most commands have one statement and run it often.</summary>
internal sealed unsafe class StatementTexts
{
    private string? command;
    private string? known;
    private byte[] bytes = [];
    private bool onlyWrites;

    /// <summary>Whether the last text was all of the command's, and shares its memory.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>The statement of the last text.</summary>
    public nint Compiled { get; private set; }

    /// <summary>
    /// Whether the last text was all of this command text, and of a statement that writes and gives no rows: the provider runs such
    /// a one to its end when it executes it.
    /// </summary>
    public bool OnlyWrites(string commandText) => onlyWrites && ReferenceEquals(commandText, command);

    /// <summary>The text of a statement that was compiled from the command's; null if it is none of them.</summary>
    public string? TextOf(nint compiled, string commandText)
    {
        // By content: SQLite gives an address that became free to the next statement.
        var sql = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(TraceNative.Sql(compiled));
        if (ReferenceEquals(commandText, command) && sql.SequenceEqual(bytes))
        {
            Compiled = compiled;
            return known;
        }

        string own = Encoding.UTF8.GetString(sql);
        if (!commandText.Contains(own, StringComparison.Ordinal))
        {
            return null;
        }

        IsWhole = own.Length == commandText.Length;
        Compiled = compiled;
        onlyWrites = IsWhole && TraceNative.ColumnCount(compiled) == 0 && TraceNative.IsReadOnly(compiled) == 0;
        (command, bytes, known) = (commandText, sql.ToArray(), IsWhole ? commandText : own);
        return known;
    }
}
