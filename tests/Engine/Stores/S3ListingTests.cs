using Amazon.S3.Model;
using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

/// <summary>Listings of a bucket that lists in no order, in pages of two.</summary>
public sealed class S3ListingTests
{
    private const string Root = "root/";
    private static readonly string[] Keys = ["b/head", "a/segments/2", "a-b/x", "a/head", "a/segments/1"];

    private readonly List<string> prefixes = [];

    [Fact]
    public async Task A_directory_bucket_is_listed_by_folders_and_put_in_order()
    {
        var listing = new S3Listing("bucket--use1-az4--x-s3", Root, SendAsync);
        Assert.Equal(Keys.Order(StringComparer.Ordinal), await KeysAsync(listing, ""));
        Assert.Equal(["a/segments/1", "a/segments/2"], await KeysAsync(listing, "a/seg"));
        Assert.Equal(["a-b/x", "a/head", "a/segments/1", "a/segments/2"], await KeysAsync(listing, "a"));
        Assert.Equal(["a-b", "a", "b"], await listing.FoldersAsync("", default).ToArrayAsync());
        Assert.All(prefixes, prefix => Assert.EndsWith("/", prefix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Any_other_bucket_is_listed_as_it_comes()
    {
        var listing = new S3Listing("bucket", Root, SendAsync);
        Assert.Equal(Keys, await KeysAsync(listing, ""));
        Assert.Equal(["a/segments/2", "a/segments/1"], await KeysAsync(listing, "a/seg"));
        Assert.Equal("root/a/seg", prefixes[^1]);
    }

    private static async Task<string[]> KeysAsync(S3Listing listing, string prefix) =>
        await listing.ObjectsAsync(prefix, default).Select(info => info.Key).ToArrayAsync();

    private ValueTask<ListObjectsV2Response> SendAsync(ListObjectsV2Request request, CancellationToken cancellation)
    {
        prefixes.Add(request.Prefix);
        string[] found = [.. Keys.Select(key => Root + key).Where(key => key.StartsWith(request.Prefix, StringComparison.Ordinal))];
        if (request.Delimiter is not null)
        {
            found = [.. found.Select(key => key[..(key.IndexOf('/', request.Prefix.Length) + 1)]).Distinct()];
        }

        int from = int.Parse(request.ContinuationToken ?? "0");
        string[] page = [.. found.Skip(from).Take(2)];
        return ValueTask.FromResult(new ListObjectsV2Response
        {
            CommonPrefixes = request.Delimiter is null ? null : [.. page],
            S3Objects = request.Delimiter is not null ? null : [.. page.Select(key => new S3Object { Key = key, Size = 1 })],
            IsTruncated = from + 2 < found.Length,
            NextContinuationToken = $"{from + 2}",
        });
    }
}
