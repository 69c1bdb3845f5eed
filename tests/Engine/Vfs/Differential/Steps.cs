using Microsoft.Data.Sqlite;
using OrleansSqlite.Tests.Format;

namespace OrleansSqlite.Tests.Vfs.Differential;

/// <summary>Random transactions over what the plain database holds at that moment.</summary>
internal sealed class Steps(Sample sample)
{
    /// <summary>Gives each transaction of a race its place in the order that came about.</summary>
    public const string Sequence = "UPDATE seq SET n = n + 1 RETURNING n";

    private const int MaxRecent = 24;
    private static readonly int[] PageSizes = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
    private static readonly string[] AutoVacuums = ["NONE", "FULL", "INCREMENTAL"];
    private readonly SchemaStatements schema = new(sample);
    private readonly DataStatements data = new(sample);
    private readonly List<Statement> recent = [];

    public int PageBytes() => PageSizes[sample.Below(PageSizes.Length)];

    public string AutoVacuum() => AutoVacuums[sample.Below(AutoVacuums.Length)];

    /// <summary>A query: a new one, or one that was sent before.</summary>
    public string Query(SqliteConnection plain)
    {
        string read = data.Read(Catalogue.Read(plain));
        string again = Again(read).Sql;
        return again.StartsWith("SELECT ", StringComparison.Ordinal) ? again : read;
    }

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
            2 => Temporary(catalogue),
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
            ? new ClosureStep([Sequence, .. Closure(catalogue).Statements])
            : new BatchStep([Sequence, .. Batch(catalogue).Statements]);
    }

    private BatchStep Batch(Catalogue catalogue)
    {
        List<Statement> statements = [];
        for (int i = 1 + sample.Below(5); i > 0; i--)
        {
            var statement = sample.Below(24) switch
            {
                0 => schema.Next(catalogue),
                1 => $"PRAGMA {(sample.Below(2) == 0 ? "user_version" : "application_id")}={sample.Below(1000)}",
                2 => "SELECT last_insert_rowid(), changes()",
                3 => $"PRAGMA incremental_vacuum({sample.Below(50)})",
                4 or 5 => data.Read(catalogue),
                6 => "PRAGMA defer_foreign_keys=ON",
                7 => $"{data.Write(catalogue, parameters: false).Sql}; -- and\n {data.Write(catalogue, parameters: false).Sql};",
                8 when sample.Below(3) == 0 => "SELECT FROM nowhere",
                < 13 => Again(data.Read(catalogue)),
                _ => Again(data.Write(catalogue, parameters: true)),
            };
            statements.Add(statement);
        }

        if (sample.Below(6) == 0)
        {
            statements.Insert(sample.Below(statements.Count), "SAVEPOINT s");
            statements.Add(sample.Below(2) == 0 ? "RELEASE s" : "ROLLBACK TO s");
        }

        return new BatchStep(statements);
    }

    /// <summary>Now and then one that was sent before, in place of a new one: it is still compiled somewhere, for a schema that may be gone.</summary>
    private Statement Again(Statement statement)
    {
        if (recent.Count == MaxRecent)
        {
            if (sample.Below(3) == 0)
            {
                return recent[sample.Below(MaxRecent)];
            }

            recent.RemoveAt(0);
        }

        recent.Add(statement);
        return statement;
    }

    /// <summary>What is made in temp is gone after the transaction.</summary>
    private BatchStep Temporary(Catalogue catalogue)
    {
        var from = catalogue.Tables[sample.Below(catalogue.Tables.Count)];
        var to = catalogue.Tables[sample.Below(catalogue.Tables.Count)];
        List<Statement> statements =
        [
            $"CREATE TEMP TABLE w AS SELECT {from.Columns[^1].Name} AS x FROM {from.Name} LIMIT {sample.Below(300)}",
            $"UPDATE w SET x = x || '+' WHERE rowid % 3 = {sample.Below(3)}",
        ];
        if (sample.Below(2) == 0 && !to.IsVirtual)
        {
            statements.Add($"CREATE TEMP TRIGGER wg AFTER INSERT ON main.{to.Name} BEGIN INSERT INTO w VALUES (new.{to.Columns[0].Name}); END");
        }

        statements.Add($"INSERT OR IGNORE INTO {to.Name}({to.Writable[^1].Name}) SELECT x FROM w");
        statements.Add(data.Write(catalogue, parameters: true));
        statements.Add("SELECT x FROM w ORDER BY rowid");
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
