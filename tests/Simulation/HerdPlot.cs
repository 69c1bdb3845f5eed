using System.Globalization;
using System.Text;

namespace OrleansSqlite.Simulation;

/// <summary>Herds of one to a hundred writers, combined and each for itself, drawn side by side: docs/herds.svg.</summary>
internal static class HerdPlot
{
    private const int Width = 400, Height = 240, Left = 60, Top = 56, Gap = 100;
    private static readonly int[] Sizes = [1, 2, 3, 5, 8, 16, 32, 64, 100];

    /// <summary>Runs them all and draws what they came to.</summary>
    /// <param name="seed">Decides all.</param>
    /// <param name="length">For how long each herd writes.</param>
    /// <param name="say">Called with each result.</param>
    public static string Draw(ulong seed, TimeSpan length, Action<string> say)
    {
        Dictionary<bool, HerdResult[]> measured = [];
        foreach (bool combine in new[] { true, false })
        {
            measured[combine] = [.. Sizes.Select(size => Measure(size, combine))];
        }

        var svg = new StringBuilder();
        svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {(2 * Width) + Gap + (2 * Left)} {Height + Top + 60}" font-family="system-ui, sans-serif" font-size="13">
            <rect width="100%" height="100%" fill="#fff"/>
            """);
        Panel(svg, Left, "rows a second", [10, 30, 100, 300], measured, static result => result.Rate);
        Panel(svg, Left + Width + Gap, "99th percentile, seconds", [0.1, 0.3, 1, 3, 10], measured, static result => result.Percentile(0.99).TotalSeconds);
        svg.AppendLine("</svg>");
        return svg.ToString();

        HerdResult Measure(int size, bool combine)
        {
            var result = Herd.Of(seed, size, combine, length);
            say($"{size} writers for {length.TotalSeconds:0} s, {(combine ? "combined" : "each for itself")}: {result}");
            return result;
        }
    }

    private static void Panel(
        StringBuilder svg, int left, string title, double[] ticks, Dictionary<bool, HerdResult[]> measured, Func<HerdResult, double> value)
    {
        double low = Math.Min(ticks[0], measured.Values.SelectMany(static results => results).Min(value));
        double high = Math.Max(ticks[^1], measured.Values.SelectMany(static results => results).Max(value));
        Text(svg, left, Top - 28, title, "#222", "start", "font-weight=\"600\"");
        foreach (double tick in ticks)
        {
            double y = Y(tick);
            svg.AppendLine(CultureInfo.InvariantCulture, $"<line x1=\"{left}\" x2=\"{left + Width}\" y1=\"{y:0.0}\" y2=\"{y:0.0}\" stroke=\"#ddd\"/>");
            Text(svg, left - 8, y + 4, tick.ToString(CultureInfo.InvariantCulture), "#555", "end");
        }

        foreach (int size in Sizes)
        {
            Text(svg, X(size), Top + Height + 20, size.ToString(CultureInfo.InvariantCulture), "#555", "middle");
        }

        Text(svg, left + (Width / 2), Top + Height + 42, "writers", "#222", "middle");
        foreach (var (combine, results) in measured)
        {
            string colour = combine ? "#0b6e4f" : "#b3541e";
            var points = Sizes.Zip(results, (size, result) => FormattableString.Invariant($"{X(size):0.0},{Y(value(result)):0.0}")).ToArray();
            svg.AppendLine(CultureInfo.InvariantCulture, $"<polyline points=\"{string.Join(' ', points)}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>");
            foreach (string point in points)
            {
                string[] place = point.Split(',');
                svg.AppendLine(CultureInfo.InvariantCulture, $"<circle cx=\"{place[0]}\" cy=\"{place[1]}\" r=\"3\" fill=\"{colour}\"/>");
            }

            Text(svg, left + Width, Y(value(results[^1])) - 10, combine ? "combined" : "each for itself", colour, "end");
        }

        double X(int size) => left + (Width * Math.Log(size) / Math.Log(Sizes[^1]));
        double Y(double number) => Top + (Height * (1 - (Math.Log(number / low) / Math.Log(high / low))));
    }

    private static void Text(StringBuilder svg, double x, double y, string text, string colour, string anchor, string more = "") => svg.AppendLine(
        CultureInfo.InvariantCulture, $"<text x=\"{x:0.0}\" y=\"{y:0.0}\" fill=\"{colour}\" text-anchor=\"{anchor}\" {more}>{text}</text>");
}
