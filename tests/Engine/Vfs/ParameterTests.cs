namespace OrleansSqlite.Tests.Vfs;

/// <summary>Values on their way in and out: each comes back as it was, and each has its place.</summary>
public sealed class ParameterTests : IAsyncLifetime
{
    private Rivalry rivalry = null!;

    public async Task InitializeAsync()
    {
        rivalry = await Rivalry.OpenAsync();
        await rivalry.My.ExecuteAsync("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    }

    public async Task DisposeAsync() => await rivalry.DisposeAsync();

    public static TheoryData<object?> Values => [.. new object?[]
    {
        null, 0L, 1L, -1L, long.MaxValue, long.MinValue, 0.0, -0.0, 1.5, double.MaxValue, double.Epsilon, double.PositiveInfinity,
        double.NegativeInfinity, 0.1 + 0.2, "", "text", "a\0b", "\0", "ÄÖÜ €", "\U0001F600\u0301", new string('x', 100_000), "'; DROP TABLE t; --",
        Array.Empty<byte>(), new byte[] { 0 }, new byte[] { 1, 0, 255 }, new byte[70_000],
    }];

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_value_comes_back_as_it_was(object? value)
    {
        var expected = SqlValue.FromObject(value);
        var batch = await rivalry.My.ExecuteAsync(new Batch(
            new Statement("INSERT INTO t(v) VALUES (?)", value),
            new Statement("SELECT v, typeof(v) FROM t WHERE v IS ?", value),
            new Statement("SELECT :v") { Named = new Dictionary<string, SqlValue> { ["v"] = expected } }));
        Assert.Equal(expected, batch.Results[1].Rows[0][0]);
        Assert.Equal(expected.Type.ToString(), batch.Results[1].Rows[0][1].AsText(), ignoreCase: true);
        Assert.Equal(expected, batch.Results[2].Rows[0][0]);
        var elsewhere = (await rivalry.Its.QueryAllAsync(new Statement("SELECT v FROM t WHERE v IS ?1", value)))[0][0];
        Assert.Equal(expected, elsewhere);
        if (value is double real)
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(real), BitConverter.DoubleToInt64Bits(elsewhere.AsReal()));
        }
    }

    [Fact]
    public async Task NaN_is_NULL() => Assert.True((await rivalry.My.ScalarAsync(new Statement("SELECT ?", double.NaN))).IsNull);

    [Fact]
    public async Task Names_are_found_with_and_without_their_sign()
    {
        var names = new Dictionary<string, SqlValue>
        {
            ["a"] = SqlValue.From(1),
            ["@b"] = SqlValue.From(2),
            ["$c"] = SqlValue.From(3),
            [":d"] = SqlValue.From(4),
            ["unused"] = SqlValue.From(9),
        };
        var row = (await rivalry.My.QueryAllAsync(new Statement("SELECT :a, @b, $c, :d, :a") { Named = names }))[0];
        Assert.Equal([1, 2, 3, 4, 1], row.Select(value => value.AsInteger()));
    }

    [Fact]
    public async Task Numbers_say_which_value()
    {
        var row = (await rivalry.My.QueryAllAsync(new Statement("SELECT ?2, ?1, ?3, ?2", "one", "two", "three")))[0];
        Assert.Equal(["two", "one", "three", "two"], row.Select(value => value.AsText()));
    }

    [Fact]
    public async Task Names_and_numbers_mix()
    {
        var statement = new Statement("SELECT ?1, :name, ?", "first", "second", "third") { Named = new Dictionary<string, SqlValue> { ["name"] = SqlValue.From("named") } };
        Assert.Equal(["first", "named", "third"], (await rivalry.My.QueryAllAsync(statement))[0].Select(value => value.AsText()));
    }

    [Theory]
    [InlineData("SELECT ?", "The parameter number 1 has no value.")]
    [InlineData("SELECT ?1, ?2", "The parameter ?1 has no value.")]
    [InlineData("SELECT :missing", "The parameter :missing has no value.")]
    [InlineData("SELECT @missing, $other", "The parameter @missing has no value.")]
    public async Task A_parameter_without_a_value_is_a_mistake(string sql, string message)
    {
        var named = new Dictionary<string, SqlValue> { ["else"] = SqlValue.From(1) };
        foreach (var error in new[]
        {
            await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync(new Batch(new Statement(sql) { Named = named }))),
            await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.QueryAllAsync(new Statement(sql) { Named = named })),
        })
        {
            Assert.Equal(ErrorCodes.BadArgument, error.Code);
            Assert.Equal(message, error.Message);
        }
    }

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("SELECT ?1")]
    [InlineData("SELECT 1;  \n")]
    public async Task A_value_without_a_parameter_is_a_mistake(string sql)
    {
        var statement = new Statement(sql, 1, 2);
        foreach (var error in new[]
        {
            await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync(new Batch(statement))),
            await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.QueryAllAsync(statement)),
        })
        {
            Assert.Equal(ErrorCodes.BadArgument, error.Code);
            Assert.EndsWith("parameters, but 2 values came with it.", error.Message, StringComparison.Ordinal);
        }
    }

    // The statements of one text share its values; each takes those that it names.
    [Fact]
    public async Task Statements_of_one_text_share_their_values()
    {
        var batch = await rivalry.My.ExecuteAsync(new Batch(new Statement("INSERT INTO t(v) VALUES (?1); INSERT INTO t(v) VALUES (?2), (?1); SELECT group_concat(v) FROM t", "a", "b")));
        Assert.Equal(3, batch.Results.Count);
        Assert.Equal("a,b,a", batch.Results[2].Rows[0][0].AsText());
    }

    // A value of the run before must not stay in a kept statement.
    [Fact]
    public async Task Values_do_not_stay_for_the_next_run()
    {
        const string sql = "INSERT INTO t(v) VALUES (?) RETURNING v";
        await rivalry.My.ExecuteAsync(sql, ["kept?"]);
        Assert.Equal(ErrorCodes.BadArgument, (await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.ExecuteAsync(sql))).Code);
        Assert.True((await rivalry.My.ExecuteAsync(sql, [null])).Rows[0][0].IsNull);
    }

    [Fact]
    public async Task Empty_texts_and_comments_give_nothing()
    {
        foreach (string sql in new[] { "", ";", "  ;; ", "-- nothing", "/* nothing */ ; -- more" })
        {
            Assert.Empty((await rivalry.My.ExecuteAsync(new Batch(sql))).Results);
            Assert.Equal("The SQL is empty.", (await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.QueryAllAsync(sql))).Message);
        }

        Assert.Empty((await rivalry.My.ExecuteAsync(new Batch())).Results);
    }

    [Fact]
    public async Task A_query_is_one_statement()
    {
        foreach (string sql in new[] { "SELECT 1; SELECT 2", "SELECT 1;; SELECT 2 -- two", "SELECT 1; DELETE FROM t" })
        {
            var error = await Assert.ThrowsAsync<DatabaseException>(() => rivalry.My.QueryAllAsync(sql));
            Assert.Equal("A query is one statement. Send several of them as a batch to be executed.", error.Message);
        }

        foreach (string sql in new[] { "SELECT 1;", " SELECT 1 ; ", "SELECT 1 -- one", "SELECT 1; -- one", "/* one */ SELECT 1; /* done */", "SELECT 1;\n-- one\n" })
        {
            Assert.Equal(1, (await rivalry.My.ScalarAsync(sql)).AsInteger());
        }
    }
}
