using System.Text;
using OrleansSqlite;
using OrleansSqlite.Stores;
using OrleansSqlite.Tests.Stores;

// A process of its own for the tests of stores: one racer among several, a writer to be killed, or a caller in another environment.
//   append URL KEY NAME COUNT    appends COUNT lines by compare-and-swap
//   swap URL KEY                 swaps in one numbered value after the other, and says each number once it is stored
//   write URL KEY BYTES          writes an object and says "done", or which failure it met
//   read URL KEY                 reads an object and says what it found, or which failure it met
CancellationToken none = CancellationToken.None;
string key = args[2];
try
{
    await using IObjectStore store = ObjectStores.Open(args[1], TimeProvider.System, Entropy.System);
    switch (args[0])
    {
        case "append":
            for (int i = 0; i < int.Parse(args[4]); i++)
            {
                await AppendAsync(store, $"{args[3]}.{i};");
            }

            break;

        case "swap":
            ReadResult current = await store.ReadAsync(key, null, none);
            long number = current.Answer == ReadAnswer.Missing ? 0 : NumberedValue.Number(current.Content.Span);
            ETag? tag = current.Answer == ReadAnswer.Missing ? null : current.Tag;
            while (true)
            {
                tag = (await store.SwapAsync(key, NumberedValue.Make(++number), tag, none)).Tag;
                Console.WriteLine(number);
            }

        case "write":
            await store.WriteAsync(key, new byte[int.Parse(args[3])], none);
            Console.WriteLine("done");
            break;

        default:
            Console.WriteLine((await store.ReadAsync(key, null, none)).Answer);
            break;
    }
}
catch (StoreException error)
{
    Console.WriteLine($"{error.Failure}: {error.Message}");
}

async Task AppendAsync(IObjectStore store, string line)
{
    while (true)
    {
        ReadResult read = await store.ReadAsync(key, null, none);
        ReadOnlyMemory<byte> content = Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(read.Content.Span) + line);
        ETag? expected = read.Answer == ReadAnswer.Missing ? null : read.Tag;
        if ((await store.SwapAsync(key, content, expected, none)).Answer == SwapAnswer.Done)
        {
            return;
        }
    }
}
