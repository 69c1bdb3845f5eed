using System.Globalization;
using System.Text;
using System.Text.Json;
using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

/// <summary>Prints what a database is.</summary>
internal static class DatabaseText
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>Prints a database: as JSON, or as one line that says what was done, or in full.</summary>
    public static void Write(Terminal terminal, DatabaseDescription it, bool json, string? done)
    {
        if (json)
        {
            WriteJsonLine(terminal, writer => JsonSerializer.Serialize(writer, DatabaseMessage.From(it), WireJson.Default.DatabaseMessage));
        }
        else if (done is not null)
        {
            terminal.Out.WriteLine($"{done}: version {it.Version}, {Size(it.Bytes)}");
        }
        else
        {
            Write(terminal.Out, it);
        }
    }

    /// <summary>Prints a database in full.</summary>
    public static void Write(TextWriter output, DatabaseDescription it)
    {
        output.WriteLine($"name       {it.Name}");
        output.WriteLine($"id         {it.Id}");
        output.WriteLine($"version    {it.Version}");
        output.WriteLine($"committed  {Time(it.CommittedAt)}");
        output.WriteLine($"size       {Size(it.Bytes)} in {it.PageCount} pages of {it.PageBytes} bytes");
        output.WriteLine($"stored     {Size(it.StoredBytes)} in {it.Segments} segments and the head");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"kept       versions {it.OldestVersion} to {it.Version}, for {it.Retention.TotalDays:0.##} days after another one takes their place"));
    }

    /// <summary>Prints databases as JSON.</summary>
    public static void WriteJson(Terminal terminal, IEnumerable<DatabaseDescription> databases) =>
        WriteJsonLine(terminal, writer => JsonSerializer.Serialize(
            writer, new DatabasesMessage([.. databases.Select(DatabaseMessage.From)]), WireJson.Default.DatabasesMessage));

    /// <summary>Prints JSON on one line.</summary>
    public static void WriteJsonLine(Terminal terminal, Action<Utf8JsonWriter> write)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, ResultJson.Writer))
        {
            write(writer);
        }

        terminal.Out.WriteLine(Encoding.UTF8.GetString(text.ToArray()));
    }

    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A size as people say it.</summary>
    public static string Size(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        while (size >= 1024 && unit < Units.Length - 1)
        {
            (size, unit) = (size / 1024, unit + 1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }
}
