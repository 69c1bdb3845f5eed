using Orleans;
using Orleans.Runtime;

namespace OrleansSqlite.Tests;

/// <summary>A grain that counts, and keeps its count.</summary>
public interface ICounterGrain : IGrainWithIntegerKey
{
    Task<int> AddAsync(int number);

    Task<int> GetAsync();

    Task<string> WhereAsync();
}

[GenerateSerializer]
public sealed class Count
{
    [Id(0)]
    public int Value { get; set; }
}

public sealed class CounterGrain([PersistentState("count")] IPersistentState<Count> count, ILocalSiloDetails silo) : Grain, ICounterGrain
{
    public async Task<int> AddAsync(int number)
    {
        count.State.Value += number;
        await count.WriteStateAsync();
        return count.State.Value;
    }

    public Task<int> GetAsync() => Task.FromResult(count.State.Value);

    public Task<string> WhereAsync() => Task.FromResult(silo.SiloAddress.ToParsableString());
}
