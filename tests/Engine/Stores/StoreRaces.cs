using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>The promises of a store to callers who come at once.</summary>
public abstract class StoreRaces : StoreListings
{
    private const int Tasks = 16;

    /// <summary>How often each task counts up.</summary>
    protected virtual int Increments => 50;

    [StoreFact]
    public async Task Of_many_increments_at_once_none_is_lost_and_none_counts_twice()
    {
        await Store.SwapAsync("db/counter", default, null, None);
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(async task =>
        {
            await Task.Yield();
            for (int i = 0; i < Increments; i++)
            {
                await AppendAsync("db/counter", $"{task}.{i};");
            }
        }));

        string[] lines = Text(await Store.ReadAsync("db/counter", null, None)).Split(';', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Tasks * Increments, lines.Length);
        Assert.Equal(lines.Length, lines.Distinct().Count());

        // Each task's own come in its order.
        Assert.All(lines.GroupBy(line => line.Split('.')[0]), own => Assert.Equal(Enumerable.Range(0, Increments), own.Select(line => int.Parse(line.Split('.')[1]))));
    }

    [StoreFact]
    public async Task Of_many_who_create_an_object_at_once_one_does()
    {
        for (int round = 0; round < 20; round++)
        {
            string key = $"db/{round}";
            string?[] winners = await Task.WhenAll(Enumerable.Range(0, Tasks).Select(async task =>
            {
                await Task.Yield();
                return await CreateAsync(key, $"{task}") ? $"{task}" : null;
            }));
            string winner = Assert.Single(winners, name => name is not null)!;
            Assert.Equal(winner, Text(await Store.ReadAsync(key, null, None)));
        }
    }

    [StoreFact]
    public async Task Readers_see_whole_objects_only_and_never_an_older_one_again()
    {
        const int Size = 200_000;
        using var done = new CancellationTokenSource();
        ETag tag = (await Store.SwapAsync("db/head", Content(0), null, None)).Tag;
        Task[] readers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(ReadAsync))];
        for (byte i = 1; i <= 100; i++)
        {
            tag = (await SwapAsync("db/head", Content(i), tag)).Tag;
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);

        async Task ReadAsync()
        {
            byte last = 0;
            while (!done.IsCancellationRequested)
            {
                ReadResult read = await Store.ReadAsync("db/head", null, None);
                byte now = read.Content.Span[0];
                Assert.Equal(Size, read.Content.Length);
                Assert.Equal(-1, read.Content.Span.IndexOfAnyExcept(now));
                Assert.True(now >= last, $"{last} was followed by {now}");
                last = now;
            }
        }

        static ReadOnlyMemory<byte> Content(byte value)
        {
            byte[] content = new byte[Size];
            Array.Fill(content, value);
            return content;
        }
    }

    /// <summary>Appends a line that nobody else writes, exactly once, whatever the store answers.</summary>
    private async Task AppendAsync(string key, string line)
    {
        while (true)
        {
            ReadResult read = await Store.ReadAsync(key, null, None);
            string before = Text(read);
            if ($";{before}".Contains($";{line}", StringComparison.Ordinal))
            {
                // A swap whose outcome was not known has been applied.
                return;
            }

            try
            {
                if ((await Store.SwapAsync(key, Bytes(before + line), read.Tag, None)).Answer == SwapAnswer.Done)
                {
                    return;
                }
            }
            catch (StoreException error) when (error.IsTransient)
            {
                // Not known: look again.
            }
        }
    }

    private async Task<bool> CreateAsync(string key, string text)
    {
        while (true)
        {
            try
            {
                SwapResult result = await Store.SwapAsync(key, Bytes(text), null, None);
                if (result.Answer != SwapAnswer.Busy)
                {
                    return result.Answer == SwapAnswer.Done;
                }
            }
            catch (StoreException error) when (error.IsTransient)
            {
                ReadResult read = await Store.ReadAsync(key, null, None);
                if (read.Answer == ReadAnswer.Found)
                {
                    return Text(read) == text;
                }
            }
        }
    }
}
