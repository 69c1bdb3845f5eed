namespace OrleansSqlite.Tests.Vfs;

/// <summary>Page sizes, and files that shrink: SQLite truncates after the commit point, which takes the size from page 1.</summary>
public sealed class SizeTests : IDisposable
{
    private readonly Chain chain = new();

    public static TheoryData<int> PageSizes => [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];

    public void Dispose() => chain.Dispose();

    [Theory]
    [MemberData(nameof(PageSizes))]
    public void Each_page_size_is_written_and_read(int pageBytes)
    {
        using var connection = chain.Open(pageBytes);
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, b)");
        connection.Run(Fill(300));
        Assert.Equal(pageBytes, chain.Tip.PageBytes);
        using var other = chain.Open();
        Assert.Equal(pageBytes, other.Number("PRAGMA page_size"));
        Assert.Equal(300, other.Number("SELECT count(*) FROM t WHERE length(b) = 700"));
        other.AssertSound();
    }

    [Theory]
    [MemberData(nameof(PageSizes))]
    public void VACUUM_changes_the_page_size(int pageBytes)
    {
        using var connection = chain.Open(pageBytes == 4096 ? 1024 : 4096);
        using var other = chain.Open();
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, b); CREATE INDEX i ON t(b);");
        connection.Run(Fill(500) + "DELETE FROM t WHERE id % 3 = 0");
        string sum = other.One("SELECT count(*), sum(id), group_concat(hex(substr(b, 1, 4))) FROM t");
        connection.Run($"PRAGMA page_size={pageBytes}; VACUUM");
        Assert.Equal(pageBytes, chain.Tip.PageBytes);
        Assert.Equal(PagesOf.Header(chain.Tip, 28), chain.Tip.PageCount);
        Assert.Equal(sum, other.One("SELECT count(*), sum(id), group_concat(hex(substr(b, 1, 4))) FROM t"));
        Assert.Equal(pageBytes, other.Number("PRAGMA page_size"));
        other.AssertSound();

        other.Run("INSERT INTO t VALUES (100000, 'after')");
        Assert.Equal("after", connection.One("SELECT b FROM t WHERE id = 100000"));
        connection.AssertSound();
    }

    [Fact]
    public void A_refused_VACUUM_with_another_page_size_changes_nothing()
    {
        using var connection = chain.Open(out var session);
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, b);" + Fill(100));
        byte[] before = PagesOf.All(chain.Tip);
        foreach (int pageBytes in new[] { 512, 65536 })
        {
            session.CommitAnswer = 516;
            Assert.Equal(516, connection.Try($"PRAGMA page_size={pageBytes}; VACUUM"));
            Assert.Equal(before, PagesOf.All(chain.Tip));
            Assert.Equal(100, connection.Number("SELECT count(*) FROM t"));
            connection.AssertSound();
        }

        session.CommitAnswer = 0;
        connection.Run("VACUUM");
        Assert.Equal(65536, chain.Tip.PageBytes);
        connection.AssertSound();
    }

    [Fact]
    public void VACUUM_shrinks_and_what_grows_again_holds_nothing_old()
    {
        using var connection = chain.Open(512);
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, b);" + Fill(500));
        uint large = chain.Tip.PageCount;
        Assert.True(HoldsRows(large / 2));
        connection.Run("DELETE FROM t WHERE id > 10");
        Assert.Equal(large, chain.Tip.PageCount);
        connection.Run("VACUUM");
        Assert.True(chain.Tip.PageCount < large / 10);
        Assert.Equal(chain.Tip.PageCount, connection.Number("PRAGMA page_count"));

        // The free pages among the new ones are never written: they hold zeros, not what was there before the cut.
        uint small = chain.Tip.PageCount;
        connection.Run("BEGIN; CREATE TABLE u(b); INSERT INTO u VALUES (zeroblob(100000)); DROP TABLE u; COMMIT");
        Assert.True(chain.Tip.PageCount > small + 100);
        Assert.True(connection.Number("PRAGMA freelist_count") > 100);
        Assert.DoesNotContain(Enumerable.Range((int)small + 1, (int)(chain.Tip.PageCount - small)), page => HoldsRows((uint)page));
        connection.AssertSound();

        bool HoldsRows(uint page) => PagesOf.One(chain.Tip, page).AsSpan().IndexOf("old row"u8) >= 0;
    }

    [Fact]
    public void Full_auto_vacuum_shrinks_with_each_commit()
    {
        using var connection = chain.Open(1024);
        using var other = chain.Open();
        connection.Run("PRAGMA auto_vacuum=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, b); CREATE TABLE u(id INTEGER PRIMARY KEY, b);");
        for (int round = 0; round < 5; round++)
        {
            connection.Run(Fill(400) + "INSERT INTO u SELECT NULL, b FROM t WHERE id <= 20;");
            uint large = chain.Tip.PageCount;
            connection.Run("DELETE FROM t");
            Assert.True(chain.Tip.PageCount < large / 3);
            Assert.Equal(PagesOf.Header(chain.Tip, 28), chain.Tip.PageCount);
            Assert.Equal(0, other.Number("PRAGMA freelist_count"));
            Assert.Equal(20 * (round + 1), other.Number("SELECT count(*) FROM u WHERE length(b) = 700"));
            other.AssertSound();
        }

        // Several transactions of one connection, one of them rolled back after it shrank.
        connection.Run("BEGIN; DELETE FROM u WHERE id > 3; ROLLBACK; BEGIN; DELETE FROM u WHERE id > 50; COMMIT");
        Assert.Equal(50, other.Number("SELECT count(*) FROM u"));
        other.AssertSound();
    }

    [Fact]
    public void Incremental_auto_vacuum_shrinks_when_it_is_told_to()
    {
        using var connection = chain.Open(1024);
        using var other = chain.Open();
        connection.Run("PRAGMA auto_vacuum=INCREMENTAL; CREATE TABLE t(id INTEGER PRIMARY KEY, b);" + Fill(400) + "DELETE FROM t WHERE id > 5");
        uint large = chain.Tip.PageCount;
        connection.Run("PRAGMA incremental_vacuum(100)");
        Assert.Equal(large - 100, chain.Tip.PageCount);
        other.AssertSound();
        connection.Run("BEGIN; PRAGMA incremental_vacuum; INSERT INTO t VALUES (7, 'seven'); COMMIT");
        Assert.True(chain.Tip.PageCount < large / 5);
        Assert.Equal("seven", other.One("SELECT b FROM t WHERE id = 7"));
        other.AssertSound();
        connection.Run("PRAGMA auto_vacuum=NONE; VACUUM");
        other.AssertSound();
        Assert.Equal(0, other.Number("PRAGMA auto_vacuum"));
    }

    // SQLite reads the size of a file whose last pages were freed in the transaction that made them from page 1, too.
    [Fact]
    public void The_last_pages_may_be_free_and_never_written()
    {
        using var connection = chain.Open(512);
        connection.Run("CREATE TABLE t(id INTEGER PRIMARY KEY, b); BEGIN;" + Fill(100) + "DELETE FROM t WHERE id > 2; COMMIT");
        Assert.Equal(PagesOf.Header(chain.Tip, 28), chain.Tip.PageCount);
        Assert.True(connection.Number("PRAGMA freelist_count") > 50);
        using var other = chain.Open();
        other.AssertSound();
        other.Run(Fill(300, 1000));
        connection.AssertSound();
    }

    private static string Fill(int rows, int from = 0) =>
        $"WITH RECURSIVE n(i) AS (SELECT {from + 1} UNION ALL SELECT i + 1 FROM n WHERE i < {from + rows}) "
        + "INSERT INTO t(id, b) SELECT i, substr(hex(i * 7919) || ' old row ' || hex(zeroblob(400)), 1, 700) FROM n;";
}
