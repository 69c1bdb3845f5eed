using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OrleansSqlite.Bench;

/// <summary>Results: a row for each case, a column for each number, named with its unit.</summary>
internal sealed class Table(string workload)
{
    private readonly List<(string Case, (string Name, double Value)[] Numbers)> rows = [];

    /// <summary>Adds a row, and says on standard error that it is there.</summary>
    public void Add(string name, params (string Name, double Value)[] numbers)
    {
        rows.Add((name, numbers));
        Console.Error.WriteLine($"{workload}: {name} done");
    }

    /// <summary>For people.</summary>
    public string ToText()
    {
        string[] columns = [.. rows.SelectMany(row => row.Numbers.Select(number => number.Name)).Distinct()];
        List<string[]> lines = [["case", .. columns]];
        foreach (var (name, numbers) in rows)
        {
            lines.Add([name, .. columns.Select(column => Text(numbers, column))]);
        }

        int[] widths = [.. Enumerable.Range(0, columns.Length + 1).Select(i => lines.Max(line => line[i].Length))];
        var text = new StringBuilder();
        foreach (string[] line in lines)
        {
            text.Append(line[0].PadRight(widths[0]));
            for (int i = 1; i < line.Length; i++)
            {
                text.Append("  ").Append(line[i].PadLeft(widths[i]));
            }

            text.AppendLine();
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>For programs.</summary>
    public string ToJson() => JsonSerializer.Serialize(new
    {
        workload,
        cores = Environment.ProcessorCount,
        cases = rows.Select(row => new { name = row.Case, numbers = row.Numbers.ToDictionary(number => number.Name, number => Math.Round(number.Value, 4)) }),
    });

    private static string Text((string Name, double Value)[] numbers, string column)
    {
        foreach (var (name, value) in numbers)
        {
            if (name == column)
            {
                string form = Math.Abs(value) switch { >= 1000 => "#,##0", >= 10 => "0.0", _ => "0.00" };
                return value.ToString(form, CultureInfo.InvariantCulture);
            }
        }

        return "";
    }
}
