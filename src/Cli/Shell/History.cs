namespace OrleansSqlite.Cli;

/// <summary>What was typed before, kept in a file. A history that cannot be read or written is no reason not to work.</summary>
internal sealed class History
{
    private const int Limit = 1000;

    private readonly string path;
    private readonly List<string> lines = [];

    public History(string path)
    {
        this.path = path;
        try
        {
            lines.AddRange(File.ReadLines(path).TakeLast(Limit));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    public IReadOnlyList<string> Lines => lines;

    /// <summary>Adds a line, unless it is empty or the same as the last.</summary>
    public void Add(string input)
    {
        var line = input.ReplaceLineEndings(" ").Trim();
        if (line.Length == 0 || (lines.Count > 0 && lines[^1] == line))
        {
            return;
        }

        lines.Add(line);
        if (lines.Count > Limit)
        {
            lines.RemoveAt(0);
        }

        Save();
    }

    private void Save()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                // Statements hold data; they are nobody else's business.
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var writer = new StreamWriter(path, options);
            foreach (var line in lines)
            {
                writer.WriteLine(line);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
