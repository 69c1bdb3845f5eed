using Microsoft.Data.Sqlite;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Vfs;

/// <summary>Databases whose text is UTF-16: the bytes are SQLite's business, the values are the same.</summary>
public sealed class EncodingTests
{
    private static readonly string[] Texts = ["", "plain", "ÄÖÜ €", "a\0b", "\U0001F600", new string('ß', 5000)];

    [Theory]
    [InlineData("UTF-16le")]
    [InlineData("UTF-16be")]
    [InlineData("UTF-8")]
    public async Task A_closure_chooses_it_before_the_first_table(string encoding)
    {
        await using var rivalry = await Rivalry.OpenAsync(new DatabaseOptions { InlineBytes = 2048 });

        // Both have looked at the empty database before, and took it for UTF-8.
        await rivalry.My.ExecuteAsync("SELECT 'x'");
        await rivalry.My.QueryAllAsync("SELECT 'x'");
        await rivalry.Its.ExecuteAsync("SELECT 'x'");
        await rivalry.My.WriteAsync(connection =>
        {
            connection.Run($"PRAGMA encoding='{encoding}'; CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)");
            return 0;
        });
        await AssertHoldsTextsAsync(rivalry, encoding);
    }

    [Theory]
    [InlineData("UTF-16le")]
    [InlineData("UTF-16be")]
    public async Task An_import_brings_it_along(string encoding)
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sqlite");
        await using var rivalry = await Rivalry.OpenAsync();
        try
        {
            using (var made = new SqliteConnection($"Data Source={file};Pooling=False"))
            {
                made.Open();
                made.Run($"PRAGMA encoding='{encoding}'; CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)");
            }

            await rivalry.My.ExecuteAsync("SELECT 'x'");
            await rivalry.Other.ImportAsync("app", file, replace: true);
            await AssertHoldsTextsAsync(rivalry, encoding);

            string copy = file + ".copy";
            await rivalry.Mine.ExportAsync("app", copy);
            using var exported = new SqliteConnection($"Data Source={copy};Pooling=False");
            exported.Open();
            Assert.Equal([encoding], exported.Rows("PRAGMA encoding"));
            exported.AssertSound();
            exported.Close();
            File.Delete(copy);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task AssertHoldsTextsAsync(Rivalry rivalry, string encoding)
    {
        foreach (string text in Texts)
        {
            var batch = await rivalry.My.ExecuteAsync(new Batch(
                new Statement("INSERT INTO t(v) VALUES (?) RETURNING v", text),
                new Statement("SELECT v FROM t WHERE v = ?", text)));
            Assert.Equal(text, batch.Results[0].Rows[0][0].AsText());
            Assert.Equal(text, batch.Results[1].Rows[0][0].AsText());
        }

        foreach (var database in new[] { rivalry.Its, rivalry.My })
        {
            Assert.Equal(Texts, (await database.QueryAllAsync("SELECT v FROM t ORDER BY id")).Select(row => row[0].AsText()));
            Assert.Equal(encoding, (await database.ScalarAsync("PRAGMA encoding")).AsText());
            var error = await Assert.ThrowsAsync<DatabaseException>(() => database.ExecuteAsync("INSERT INTO t(v) VALUES (?)", ["plain"]));
            Assert.Equal("UNIQUE constraint failed: t.v", error.Message);
            await database.WriteAsync(connection =>
            {
                connection.Run("UPDATE t SET v = v || '' WHERE id = 2");
                return 0;
            });
        }

        await rivalry.AssertSameAndSoundAsync();
    }
}
