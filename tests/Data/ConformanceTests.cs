using System.Data;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite.Tests.Data;

/// <summary>Everything that a caller of plain SQLite by ADO.NET relies on is the same here: each case runs on both, and must say the same.</summary>
public sealed class ConformanceTests
{
    private const string Setup = """
        CREATE TABLE t(id INTEGER PRIMARY KEY, i INT, r REAL, s TEXT, b BLOB, x);
        INSERT INTO t VALUES (1, 42, 1.5, 'text', x'0102', NULL), (2, -1, -0.25, '', x'', 'any'), (3, NULL, NULL, NULL, NULL, NULL);
        """;

    private static readonly Dictionary<string, Func<SqliteConnection, object?>> Cases = new()
    {
        ["values of every type"] = c => string.Join(';', ((object[])[
            1, 2L, (short)3, (byte)4, (sbyte)-5, (uint)6, 7UL, 1.25f, 2.5, 3.75m, true, 'c', "text", new byte[] { 1, 2 },
            new DateTime(2026, 5, 1, 12, 30, 15, 250), new DateTimeOffset(2026, 5, 1, 12, 30, 15, TimeSpan.FromHours(2)), new DateOnly(2026, 5, 1),
            new TimeOnly(12, 30, 15), TimeSpan.FromSeconds(90), new Guid("00112233-4455-6677-8899-aabbccddeeff"), DayOfWeek.Friday, DBNull.Value,
        ]).Select(value => c.Rows("SELECT $v, typeof($v)", ("$v", value)))),
        ["typed getters"] = c =>
        {
            using var reader = Sql.Command(c, "SELECT i, r, s, b, x FROM t WHERE id = 1").ExecuteReader();
            reader.Read();
            return $"{reader.GetInt32(0)} {reader.GetInt64(0)} {reader.GetInt16(0)} {reader.GetByte(0)} {reader.GetBoolean(0)} {reader.GetDouble(1)} {reader.GetFloat(1)} {reader.GetDecimal(1)} {reader.GetString(2)} {Convert.ToHexString(reader.GetFieldValue<byte[]>(3))} {reader.IsDBNull(4)} {reader["s"]} {reader.GetFieldValue<long>(0)}";
        },
        ["nulls"] = c =>
        {
            using var reader = Sql.Command(c, "SELECT * FROM t WHERE id = 3").ExecuteReader();
            reader.Read();
            return $"{reader.IsDBNull(1)} {reader.GetValue(1)} {Raises(() => reader.GetInt32(1))} {Raises(() => reader.GetString(3))}";
        },
        ["metadata"] = c =>
        {
            using var reader = Sql.Command(c, "SELECT id, i AS renamed, r, s, b, x, 1 + 1 AS sum FROM t").ExecuteReader();
            return string.Join(';', Enumerable.Range(0, reader.FieldCount).Select(i => $"{reader.GetName(i)} {reader.GetDataTypeName(i)} {reader.GetFieldType(i)} {reader.GetOrdinal(reader.GetName(i))}")) + reader.HasRows + reader.Depth + reader.RecordsAffected;
        },
        ["schema table"] = c =>
        {
            using var reader = Sql.Command(c, "SELECT id, s AS renamed FROM t").ExecuteReader();
            return string.Join(';', reader.GetSchemaTable()!.Rows.Cast<DataRow>().Select(row => $"{row["ColumnName"]} {row["BaseColumnName"]} {row["BaseTableName"]} {row["DataType"]} {row["IsKey"]} {row["IsUnique"]} {row["AllowDBNull"]}"));
        },
        ["several results"] = c =>
        {
            using var reader = Sql.Command(c, "SELECT 1; UPDATE t SET i = 0; SELECT s FROM t WHERE id = 1; SELECT 2 WHERE 0").ExecuteReader();
            string told = "";
            do
            {
                told += "|";
                while (reader.Read())
                {
                    told += reader.GetValue(0) + ",";
                }
            }
            while (reader.NextResult());
            return told + reader.RecordsAffected;
        },
        ["streams and text readers"] = c =>
        {
            using var reader = Sql.Command(c, "SELECT b, s, rowid FROM t WHERE id = 1").ExecuteReader();
            reader.Read();
            var bytes = new byte[5];
            var chars = new char[5];
            using var stream = reader.GetStream(0);
            using var text = reader.GetTextReader(1);
            return $"{stream.ReadByte()} {text.ReadToEnd()} {reader.GetBytes(0, 1, bytes, 0, 5)} {bytes[0]} {reader.GetChars(1, 1, chars, 0, 5)} {chars[0]}";
        },
        ["counts of changes"] = c => $"{c.Execute("UPDATE t SET i = 1")} {c.Execute("UPDATE t SET i = 1 WHERE 0")} {c.Execute("DELETE FROM t WHERE id = 3")} {c.Execute("CREATE TABLE u(v)")} {c.Execute("INSERT INTO u SELECT id FROM t")} {c.Execute("SELECT 1")}",
        ["parameters by name and by number"] = c => c.Rows("SELECT $a, @b, :c, ?4", ("$a", 1), ("@b", "two"), (":c", 3.0), ("?4", null)),
        ["a missing parameter"] = c => Raises(() => c.Rows("SELECT $a")),
        ["a parameter without a value"] = c => Raises(() =>
        {
            using var command = c.CreateCommand();
            command.CommandText = "SELECT $a";
            command.Parameters.Add(new SqliteParameter("$a", SqliteType.Text));
            command.ExecuteScalar();
        }),
        ["a parameter cut to its size"] = c =>
        {
            using var command = Sql.Command(c, "SELECT $a, $b");
            command.Parameters.Add("$a", SqliteType.Text, 2).Value = "long";
            command.Parameters.Add("$b", SqliteType.Blob, 1).Value = new byte[] { 7, 8 };
            using var reader = command.ExecuteReader();
            reader.Read();
            return $"{reader.GetString(0)} {Convert.ToHexString(reader.GetFieldValue<byte[]>(1))}";
        },
        ["a command used again"] = c =>
        {
            using var command = Sql.Command(c, "INSERT INTO t(i) VALUES ($i)", ("$i", 0));
            command.Prepare();
            int changed = 0;
            for (int i = 0; i < 5; i++)
            {
                command.Parameters["$i"].Value = i;
                changed += command.ExecuteNonQuery();
            }

            return $"{changed} {c.Rows("SELECT group_concat(i) FROM t WHERE id > 3")}";
        },
        ["errors"] = c => $"{Raises(() => c.Execute("SELEC 1"))} {Raises(() => c.Execute("SELECT * FROM nowhere"))} {Raises(() => c.Execute("INSERT INTO t(id) VALUES (1)"))} {Raises(() => c.Execute("COMMIT"))} {Raises(() => c.Execute("ROLLBACK"))}",
        ["scalars"] = c => $"{c.Scalar("SELECT s FROM t WHERE id = 1")} {c.Scalar("SELECT s FROM t WHERE 0")} {c.Scalar("SELECT NULL")} {c.Scalar("CREATE TABLE u(v)")}",
        ["a transaction that is undone"] = c =>
        {
            using (c.BeginTransaction())
            {
                c.Execute("DELETE FROM t");
            }

            using var second = c.BeginTransaction();
            c.Execute("UPDATE t SET i = 9 WHERE id = 1");
            second.Rollback();
            return $"{c.Scalar("SELECT sum(i) FROM t")} {Raises(second.Commit)} {second.Connection is null}";
        },
        ["nested and misused transactions"] = c =>
        {
            using var transaction = c.BeginTransaction();
            string told = $"{Raises(() => c.BeginTransaction())} {transaction.IsolationLevel} ";
            using var foreign = Sql.Command(c, "SELECT 1");
            foreign.Transaction = null;
            told += Raises(() => foreign.ExecuteScalar());
            transaction.Commit();
            return told + Raises(transaction.Commit) + Raises(transaction.Rollback);
        },
        ["savepoints by the provider"] = c =>
        {
            using var transaction = c.BeginTransaction();
            transaction.Save("one");
            c.Execute("DELETE FROM t");
            transaction.Rollback("one");
            transaction.Release("one");
            transaction.Commit();
            return c.Scalar("SELECT count(*) FROM t");
        },
        ["every isolation level"] = c => string.Join(' ', Enum.GetValues<IsolationLevel>().Select(level => Raises(() => c.BeginTransaction(level).Dispose()))),
        ["functions, aggregates, collations"] = c =>
        {
            c.CreateFunction("twice", (long n) => n * 2);
            c.CreateAggregate("product", 1L, (long all, long n) => all * n);
            c.CreateCollation("backwards", (a, b) => string.CompareOrdinal(b, a));
            return $"{c.Scalar("SELECT twice(21)")} {c.Scalar("SELECT product(id) FROM t")} {c.Rows("SELECT s FROM t WHERE s IS NOT NULL ORDER BY s COLLATE backwards")}";
        },
        ["misuse of readers"] = c =>
        {
            using var command = Sql.Command(c, "SELECT 1");
            var reader = command.ExecuteReader();
            string told = $"{Raises(() => command.ExecuteReader())} {Raises(() => command.CommandText = "SELECT 2")} {Raises(() => reader.GetValue(0))}";
            reader.Dispose();
            reader.Dispose();
            return told + $"{reader.IsClosed} {Raises(() => reader.Read())}";
        },
        ["a reader that closes its connection"] = c =>
        {
            using (var reader = Sql.Command(c, "SELECT 1").ExecuteReader(CommandBehavior.CloseConnection))
            {
                reader.Read();
            }

            return c.State;
        },
        ["a connection closed with everything open"] = c =>
        {
            var transaction = c.BeginTransaction();
            c.Execute("DELETE FROM t");
            var reader = Sql.Command(c, "SELECT 1 UNION SELECT 2").ExecuteReader();
            reader.Read();
            c.Close();
            return $"{c.State} {Raises(() => c.CreateCommand().ExecuteNonQuery())}";
        },
        ["incremental blobs"] = c =>
        {
            using (var blob = new SqliteBlob(c, "t", "b", 1))
            {
                blob.Write([9]);
            }

            return c.Rows("SELECT b FROM t WHERE id = 1");
        },
        ["a copy by BackupDatabase"] = c =>
        {
            using var copy = new SqliteConnection("Data Source=:memory:");
            copy.Open();
            c.BackupDatabase(copy);
            return copy.Rows("SELECT id, s FROM t");
        },
        ["data adapters' ways"] = c =>
        {
            var table = new DataTable { Locale = CultureInfo.InvariantCulture };
            using var reader = Sql.Command(c, "SELECT id, s, r FROM t").ExecuteReader();
            table.Load(reader);
            return $"{table.Rows.Count} {table.Columns.Count} {c.GetSchema().Rows.Count} {c.GetSchema("ReservedWords").Rows.Count}";
        },
        ["asynchronous calls"] = c => Async(c).GetAwaiter().GetResult(),
        ["the same within a transaction"] = c =>
        {
            using var transaction = c.BeginTransaction();
            string told = c.Rows("SELECT * FROM t") + c.Execute("UPDATE t SET i = 5 WHERE id < 3") + c.Rows("DELETE FROM t WHERE id = 2 RETURNING s, b") + Raises(() => c.Execute("INSERT INTO t(id) VALUES (1)"));
            transaction.Commit();
            return told + c.Rows("SELECT * FROM t");
        },
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_as_with_plain_SQLite(string name)
    {
        using var plain = new SqliteConnection("Data Source=:memory:");
        plain.Open();
        plain.Execute(Setup);
        await using var pair = await Pair.OpenAsync(Setup);
        Assert.Equal(Cases[name](plain)?.ToString(), Cases[name](pair.Connect())?.ToString());
    }

    private static async Task<string> Async(SqliteConnection c)
    {
        await using var transaction = await c.BeginTransactionAsync();
        await using var command = Sql.Command(c, "INSERT INTO t(s) VALUES ('async') RETURNING s");
        string told = $"{await command.ExecuteScalarAsync()}";
        await transaction.CommitAsync();
        command.Transaction = null;
        command.CommandText = "SELECT count(*), max(s) FROM t";
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            told += $" {reader.GetInt64(0)} {await reader.GetFieldValueAsync<string>(1)} {await reader.IsDBNullAsync(1)}";
        }

        return told + await reader.NextResultAsync();
    }

    private static string Raises(Action action)
    {
        try
        {
            action();
            return "fine";
        }
        catch (SqliteException e)
        {
            return $"{e.SqliteExtendedErrorCode} {e.Message}";
        }
        catch (Exception e)
        {
            return e.GetType().Name + " " + e.Message;
        }
    }
}
