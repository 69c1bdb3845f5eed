using System.Globalization;

namespace OrleansSqlite.Worker;

/// <summary>
/// A write. Its marker, "life.caller.number", says all about it, so that another process can send the same one again.
/// It counts, appends to a list and leaves its marker, in tables that would take it twice.
/// </summary>
internal sealed class ChaosWrite
{
    public const int Lists = 4;

    public static readonly string[] Schema =
    [
        "CREATE TABLE done(marker TEXT NOT NULL)",
        "CREATE TABLE counter(id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
        "CREATE TABLE item(list INTEGER NOT NULL, place INTEGER NOT NULL, marker TEXT NOT NULL)",
        "CREATE INDEX item_place ON item(list, place)",
        "CREATE TABLE bulk(marker TEXT NOT NULL, body BLOB NOT NULL)",
        "CREATE TABLE never(v INTEGER CHECK (v IS NULL))",
        .. Enumerable.Range(0, Lists).Select(i => $"INSERT INTO counter VALUES ({i}, 0)"),
    ];

    private readonly int list;
    private readonly int bulkBytes;

    public ChaosWrite(int life, int caller, int number)
    {
        Marker = string.Create(CultureInfo.InvariantCulture, $"{life}.{caller}.{number}");
        var entropy = new Entropy(((ulong)life << 44) | ((ulong)caller << 32) | (uint)number);
        list = ListOf(Marker);
        double kind = entropy.NextDouble();
        IsRefused = kind < 0.03;
        IsCancelled = kind is >= 0.03 and < 0.06;
        IsRepeatable = kind >= 0.3;
        bulkBytes = entropy.NextDouble() < 0.01 ? 1 + (int)(entropy.NextDouble() * 200_000) : 0;
    }

    public string Marker { get; }

    /// <summary>Whether its last statement breaks a constraint.</summary>
    public bool IsRefused { get; }

    /// <summary>Whether its caller gives it up after a moment.</summary>
    public bool IsCancelled { get; }

    /// <summary>Whether it has an operation id, and is sent again until its end is known.</summary>
    public bool IsRepeatable { get; }

    public Batch Batch => new(
    [
        new Statement("UPDATE counter SET n = n + 1 WHERE id = ? RETURNING n", list),
        new Statement("INSERT INTO item SELECT ?1, coalesce(max(place), 0) + 1, ?2 FROM item WHERE list = ?1 RETURNING place", list, Marker),
        new Statement("INSERT INTO done VALUES (?)", Marker),
        .. bulkBytes > 0 ? [new Statement("INSERT INTO bulk VALUES (?, randomblob(?))", Marker, bulkBytes)] : Array.Empty<Statement>(),
        .. IsRefused ? [new Statement("INSERT INTO never VALUES (1)")] : Array.Empty<Statement>(),
    ])
    {
        OperationId = IsRepeatable ? Marker : null,
    };

    public static ChaosWrite Parse(string marker)
    {
        int[] parts = [.. marker.Split('.').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        return new ChaosWrite(parts[0], parts[1], parts[2]);
    }

    /// <summary>The list, and the counter, of a write.</summary>
    public static int ListOf(string marker) => (int)(marker.Sum(c => (long)c) % Lists);
}
