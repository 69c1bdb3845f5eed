using System.Globalization;

namespace OrleansSqlite.Bench;

/// <summary>What is compared in a herd.</summary>
[Flags]
internal enum HerdCase
{
    /// <summary>Each writer for itself, on the server as it is.</summary>
    None = 0,

    /// <summary>S3's latencies before each answer.</summary>
    Modelled = 1,

    /// <summary>Losers leave their transactions to whoever wins.</summary>
    Combined = 2,
}

/// <summary>What one writer of a herd does.</summary>
/// <param name="Case">What is compared.</param>
/// <param name="Database">Where it writes.</param>
/// <param name="Number">Which of the writers it is; the numbers that it inserts follow from it.</param>
internal sealed record HerdPart(HerdCase Case, string Database, int Number)
{
    public static HerdPart Parse(string text)
    {
        string[] parts = text.Split(',');
        return new HerdPart((HerdCase)int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(int)Case},{Database},{Number}");
}
