namespace OrleansSqlite.Cli;

/// <summary>What .mode, .headers and their like have set.</summary>
internal sealed class ShellSettings
{
    public RowFormat Mode { get; set; }

    public bool Headers { get; set; }

    public bool Timer { get; set; }

    public string NullText { get; set; } = "NULL";

    public RowWriter Writer(Terminal terminal) => RowWriter.For(terminal, Mode, Headers || Mode == RowFormat.Table, NullText);
}
