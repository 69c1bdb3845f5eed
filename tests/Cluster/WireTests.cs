using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;

namespace OrleansSqlite.Tests;

/// <summary>What goes between processes arrives as it was sent, and keeps its name when types are moved.</summary>
public sealed class WireTests
{
    private static readonly Serializer Serializer = new ServiceCollection().AddSerializer().BuildServiceProvider().GetRequiredService<Serializer>();

    public static TheoryData<object?> Values =>
        [null, 0L, long.MinValue, long.MaxValue, 0.0, -0.0, 1.5, double.PositiveInfinity, double.Epsilon, "", "a\0b", "ä€😀", Array.Empty<byte>(), new byte[] { 0, 255 }];

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_arrives_exactly(object? value)
    {
        var sent = SqlValue.FromObject(value);
        var came = RoundTrip(sent);
        Assert.Equal(sent.Type, came.Type);
        Assert.Equal(sent, came);
        Assert.Equal(sent.ToString(), came.ToString());
    }

    [Fact]
    public void A_batch_arrives_with_all_that_it_says()
    {
        IReadOnlyList<Statement> statements =
        [
            new Statement("insert into t values (?, ?, ?)", 1, "two", new byte[] { 3 }),
            Statement.WithNames("select :a", new Dictionary<string, SqlValue> { [":a"] = SqlValue.From(4) }),
        ];
        var came = RoundTrip(new Batch(statements) { OperationId = "order-17", ExpectedVersion = 12 });
        Assert.Equal("order-17", came.OperationId);
        Assert.Equal(12, came.ExpectedVersion);
        Assert.Equal(statements.Select(statement => statement.Sql), came.Statements.Select(statement => statement.Sql));
        Assert.Equal(statements[0].Positional, came.Statements[0].Positional);
        Assert.Equal(SqlValue.From(4), came.Statements[1].Named[":a"]);
    }

    [Fact]
    public void Results_arrive_from_whatever_lists_they_were_made()
    {
        List<IReadOnlyList<SqlValue>> rows = [[SqlValue.From(1), SqlValue.Null], new List<SqlValue> { SqlValue.From("x"), SqlValue.From(2.5) }];
        IReadOnlyList<StatementResult> results = [new StatementResult([new Column("a", "INTEGER"), new Column("b", null)], rows, 3, 4)];
        var came = RoundTrip(new BatchResult(5, results, true));
        Assert.Equal(5, came.Version);
        Assert.True(came.Repeated);
        Assert.Equal([new Column("a", "INTEGER"), new Column("b", null)], came.Results[0].Columns);
        Assert.Equal(rows, came.Results[0].Rows);
        Assert.Equal((3, 4), (came.Results[0].Changes, came.Results[0].LastInsertRowId));

        var piece = RoundTrip(new RowPiece(6, [new Column("a", null)], rows, true));
        Assert.Equal((6, 1, true), (piece.Version, piece.Columns.Count, piece.IsLast));
        Assert.Equal(rows, piece.Rows);
    }

    [Fact]
    public void Levels_and_descriptions_arrive()
    {
        Assert.Equal(ReadLevel.Strong, RoundTrip(ReadLevel.Strong));
        Assert.Equal(ReadLevel.AtLeast(7), RoundTrip(ReadLevel.AtLeast(7)));
        Assert.Equal(ReadLevel.StaleBy(TimeSpan.FromSeconds(8)), RoundTrip(ReadLevel.StaleBy(TimeSpan.FromSeconds(8))));
        Assert.Equal(ReadLevel.AtVersion(9), RoundTrip(ReadLevel.AtVersion(9)));
        var time = new DateTimeOffset(2024, 2, 29, 12, 30, 15, 250, TimeSpan.FromHours(2));
        Assert.Equal(ReadLevel.AtTime(time), RoundTrip(ReadLevel.AtTime(time)));
        Assert.Equal(ReadLevel.AtSnapshot("before-the-move"), RoundTrip(ReadLevel.AtSnapshot("before-the-move")));
        var description = new DatabaseDescription(
            "shop", new Guid(1, 2, 3, new byte[8]), 4, DateTimeOffset.UnixEpoch.AddDays(5), 4096, 6, 7, 8, 3, TimeSpan.FromDays(10));
        Assert.Equal(description, RoundTrip(description));
    }

    [Fact]
    public void What_is_said_of_the_past_and_of_maintenance_arrives()
    {
        VersionDescription[] history = [new(5, DateTimeOffset.UnixEpoch.AddDays(6), 8192, 7, 800, ["a", "b"]), new(4, DateTimeOffset.UnixEpoch.AddDays(5), 4096, null, null, null)];
        Assert.Equal(history, RoundTrip(new Reply<VersionDescription[]> { Result = history }).Get());
        SnapshotDescription[] snapshots = [new("before-the-move", 4, DateTimeOffset.UnixEpoch.AddDays(5), DateTimeOffset.UnixEpoch.AddDays(7), 4096)];
        Assert.Equal(snapshots, RoundTrip(new Reply<SnapshotDescription[]> { Result = snapshots }).Get());
        var done = new Stage<CollectionReport> { Result = new CollectionReport(1, 2, 3, 4, 5, 6), IsDone = true };
        Assert.Equal(done, RoundTrip(new Reply<Stage<CollectionReport>> { Result = done }).Get());
        var under = new Stage<DatabaseDescription> { Progress = new TransferProgress(1, 2, "compact") };
        Assert.Equal(under, RoundTrip(new Reply<Stage<DatabaseDescription>> { Result = under }).Get());
    }

    [Fact]
    public void An_error_arrives_as_the_same_error()
    {
        var error = new DatabaseException(ErrorKind.Conflict, ErrorCodes.DataChanged, "What happened, and what to do.")
        { Database = "shop", Version = 9, Object = "shop/head", OutcomeKnown = false, SqliteCode = 2067, Statement = 3 };
        var came = RoundTrip(new Reply<int> { Fault = Fault.Of(error) });
        var thrown = Assert.Throws<DatabaseException>(() => came.Get());
        foreach (var property in typeof(DatabaseException).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            Assert.Equal(property.GetValue(error), property.GetValue(thrown));
        }

        Assert.Equal(error.Message, thrown.Message);
    }

    /// <summary>Without a name of its own a type goes by its name in the code, and a process of the next version would not know it.</summary>
    [Fact]
    public void Every_type_and_method_on_the_wire_has_a_name_of_its_own()
    {
        var assembly = typeof(IDatabaseGrain).Assembly;
        var messages = assembly.GetTypes().Where(type => type.Namespace!.StartsWith("OrleansSqlite", StringComparison.Ordinal) && type.GetCustomAttribute<GenerateSerializerAttribute>() is not null).ToArray();
        var grains = assembly.GetTypes().Where(type => type.IsInterface && type.IsAssignableTo(typeof(IGrain))).ToArray();
        Assert.True(messages.Length > 8);
        Assert.Equal(3, grains.Length);
        Assert.Equal([], messages.Concat(grains).Where(type => type.GetCustomAttribute<AliasAttribute>() is null));
        Assert.Equal([], grains.SelectMany(grain => grain.GetMethods()).Where(method => method.GetCustomAttribute<AliasAttribute>() is null));
        Assert.Equal([], grains.SelectMany(grain => grain.GetMethods()).Where(method => method.GetParameters()[^1].ParameterType != typeof(CancellationToken)));
    }

    private static T RoundTrip<T>(T value) => Serializer.Deserialize<T>(Serializer.SerializeToArray(value))!;
}
