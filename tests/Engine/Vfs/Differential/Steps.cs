using Microsoft.Data.Sqlite;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Random transactions over what the plain database holds at that moment.</summary>
internal sealed class Steps(Sample sample)
{
    /// <summary>Gives each transaction of a race its place in the order that came about.</summary>
    public const string Sequence = "UPDATE seq SET n = n + 1 RETURNING n";

    private static readonly int[] PageSizes = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
    private static readonly string[] AutoVacuums = ["NONE", "FULL", "INCREMENTAL"];
    private readonly SchemaStatements schema = new(sample);
    private readonly DataStatements data = new(sample);

    public int PageBytes() => PageSizes[sample.Below(PageSizes.Length)];

    public string AutoVacuum() => AutoVacuums[sample.Below(AutoVacuums.Length)];

    public string Query(SqliteConnection plain) => data.Read(Catalogue.Read(plain));

    /// <summary>The first one: what each race needs, and a table for what follows.</summary>
    public BatchStep First(SqliteConnection plain) =>
        new(["CREATE TABLE seq(n INTEGER NOT NULL)", "INSERT INTO seq VALUES (0)", schema.Next(Catalogue.Read(plain))]);

    /// <summary>A transaction of any kind.</summary>
    public Step Next(SqliteConnection plain)
    {
        var catalogue = Catalogue.Read(plain);
        return catalogue.Tables.Count == 0 ? new BatchStep([schema.Next(catalogue)]) : sample.Below(40) switch
        {
            < 2 => new VacuumStep(sample.Below(2) == 0 ? PageBytes() : null, sample.Below(2) == 0 ? AutoVacuum() : null),
            < 12 => Closure(catalogue),
            < 17 => new BatchStep([schema.Next(catalogue)]),
            _ => Batch(catalogue),
        };
    }

    /// <summary>A transaction for a race, which notes its place in the order.</summary>
    public Step Racing(SqliteConnection plain)
    {
        var catalogue = Catalogue.Read(plain);
        return sample.Below(3) == 0
            ? new ClosureStep([Sequence, .. Closure(catalogue).Statements.Where(sql => !sql.Contains("ROLLBACK ", StringComparison.Ordinal) || sql.StartsWith("ROLLBACK TO", StringComparison.Ordinal))])
            : new BatchStep([Sequence, .. Batch(catalogue).Statements]);
    }

    private BatchStep Batch(Catalogue catalogue)
    {
        List<Statement> statements = [];
        for (int i = 1 + sample.Below(5); i > 0; i--)
        {
            statements.Add(sample.Below(16) switch
            {
                0 => schema.Next(catalogue),
                1 => $"PRAGMA user_version={sample.Below(1000)}",
                2 => "SELECT last_insert_rowid()",
                3 => $"PRAGMA incremental_vacuum({sample.Below(50)})",
                4 or 5 => data.Read(catalogue),
                6 => "PRAGMA defer_foreign_keys=ON",
                _ => data.Write(catalogue, parameters: true),
            });
        }

        return new BatchStep(statements);
    }

    private ClosureStep Closure(Catalogue catalogue)
    {
        List<string> statements = [];
        int open = 0;
        if (sample.Below(3) == 0)
        {
            statements.Add($"PRAGMA cache_size={5 + sample.Below(20)}");
        }

        for (int i = 3 + sample.Below(9); i > 0; i--)
        {
            switch (sample.Below(12))
            {
                case 0 or 1:
                    statements.Add($"SAVEPOINT s{++open}");
                    break;
                case 2 when open > 0:
                    statements.Add($"ROLLBACK TO s{1 + sample.Below(open)}");
                    break;
                case 3 when open > 0:
                    open = sample.Below(open);
                    statements.Add($"RELEASE s{open + 1}");
                    break;
                case 4:
                    statements.Add(schema.Next(catalogue));
                    break;
                case 5:
                    statements.Add(data.Read(catalogue));
                    break;
                default:
                    statements.Add(data.Write(catalogue, parameters: false).Sql);
                    break;
            }
        }

        return new ClosureStep(statements);
    }
}
