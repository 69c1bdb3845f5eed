using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

[NeedsS3Server]
[Trait("Category", "S3")]
public sealed class S3StoreConformance(S3Server server) : StoreRaces, IClassFixture<S3Server>
{
    [S3Fact]
    public async Task A_missing_bucket_is_no_missing_object()
    {
        await using S3Store store = S3Server.Open("osql-tests-there-is-none");
        foreach (Func<Task> call in (Func<Task>[])
            [
                async () => await store.ReadAsync("a", null, None),
                async () => await store.ReadRangeAsync("a", 0, 1, None),
                async () => await store.SwapAsync("a", Bytes("x"), null, None),
                async () => await store.SwapAsync("a", Bytes("x"), new ETag("0123456789abcdef0123456789abcdef"), None),
                async () => await store.WriteAsync("a", Bytes("x"), None),
                async () => await store.ListAsync("", None).ToArrayAsync(),
            ])
        {
            Assert.Equal(StoreFailure.Misconfigured, (await Assert.ThrowsAsync<StoreException>(call)).Failure);
        }
    }

    protected override Task<IObjectStore> OpenAsync() => Task.FromResult<IObjectStore>(server.Open());
}
