namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Holds what the engine said against what plain SQLite said, and shows where they part: one line for each side of a difference.</summary>
internal static class Difference
{
    private const int MaxShown = 10;
    private const int MaxWidth = 400;

    /// <summary>They are the same.</summary>
    /// <param name="expected">Plain SQLite's answers; one may have several lines.</param>
    /// <param name="actual">The engine's.</param>
    /// <param name="what">What was asked, for the message.</param>
    public static void AssertNone(List<string> expected, List<string> actual, string what)
    {
        List<string> shown = [];
        int differences = 0;
        for (int answer = 0; answer < Math.Max(expected.Count, actual.Count); answer++)
        {
            string[] plain = LinesOf(expected, answer);
            string[] engine = LinesOf(actual, answer);
            for (int line = 0; line < Math.Max(plain.Length, engine.Length); line++)
            {
                string? one = plain.ElementAtOrDefault(line);
                string? other = engine.ElementAtOrDefault(line);
                if (one != other && ++differences <= MaxShown)
                {
                    int from = Math.Max(0, FirstUnlike(one, other) - (MaxWidth / 2));
                    shown.Add($"  {answer + 1}.{line + 1} SQLite  {Show(one, from)}\n  {answer + 1}.{line + 1} engine  {Show(other, from)}");
                }
            }
        }

        if (differences > 0)
        {
            string more = differences > MaxShown ? $"\n  and {differences - MaxShown} more" : "";
            Assert.Fail($"{what}: {differences} lines differ (answer.line):\n{string.Join('\n', shown)}{more}");
        }
    }

    private static string[] LinesOf(List<string> answers, int answer) => answer < answers.Count ? answers[answer].Split('\n') : [];

    private static int FirstUnlike(string? one, string? other) => one is null || other is null ? 0 : one.AsSpan().CommonPrefixLength(other);

    /// <summary>A line such that blanks and control characters can be seen, from near the place where it differs.</summary>
    private static string Show(string? line, int from)
    {
        if (line is null)
        {
            return "(no such line)";
        }

        string visible = string.Concat(line.Skip(from).Take(MaxWidth).Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()));
        return $"{(from > 0 ? "…" : "")}[{visible}]{(line.Length - from > MaxWidth ? "…" : "")}";
    }
}
