using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

public sealed class StoreUrlTests
{
    [Theory]
    [InlineData("s3://bucket", "bucket", "")]
    [InlineData("s3://bucket/", "bucket", "")]
    [InlineData("S3://my.bucket-1/a/b_c/", "my.bucket-1", "a/b_c")]
    public void A_bucket_and_a_prefix(string url, string bucket, string prefix)
    {
        var parsed = Assert.IsType<StoreUrl.S3>(StoreUrl.Parse(url));
        Assert.Equal((bucket, prefix), (parsed.Bucket, parsed.Prefix));
        Assert.Empty(parsed.Parameters);
    }

    [Fact]
    public void Parameters_become_options_and_go_before_those_given()
    {
        var parsed = (StoreUrl.S3)StoreUrl.Parse(
            "s3://bucket/p?endpoint=http%3A%2F%2F127.0.0.1%3A9000&region=eu-north-1&pathStyle=false&sse=aws:kms&kmsKey=arn:aws:kms:x:y:key/1&bucketKey=true&checksums=1");
        S3Options options = S3UrlParameters.Apply(new S3Options { Region = "us-west-1", Retries = 7 }, "s3://bucket", parsed.Parameters);
        Assert.Equal(
            new S3Options
            {
                Endpoint = new Uri("http://127.0.0.1:9000"),
                Region = "eu-north-1",
                ForcePathStyle = false,
                Encryption = S3Encryption.Kms,
                KmsKey = "arn:aws:kms:x:y:key/1",
                BucketKey = true,
                Checksums = true,
                Retries = 7,
            },
            options);
        Assert.Equal(new Uri("http://127.0.0.1:7480"), S3UrlParameters.Apply(
            new S3Options(), "", ((StoreUrl.S3)StoreUrl.Parse("s3://bucket?endpoint=http://127.0.0.1:7480")).Parameters).Endpoint);
    }

    [Theory]
    [InlineData("file:/var/lib/data", "/var/lib/data")]
    [InlineData("file:///var/lib/data", "/var/lib/data")]
    [InlineData("file:/a%20b/c%23", "/a b/c#")]
    [InlineData("file:/a/../b/./c", "/b/c")]
    public void An_absolute_directory(string url, string path) =>
        Assert.Equal(path, Assert.IsType<StoreUrl.Folder>(StoreUrl.Parse(url)).Path);

    [Theory]
    [InlineData("file:data", "data")]
    [InlineData("file:./data/x", "data/x")]
    [InlineData("FILE:../data", "../data")]
    public void A_relative_directory(string url, string path) =>
        Assert.Equal(Path.GetFullPath(path), Assert.IsType<StoreUrl.Folder>(StoreUrl.Parse(url)).Path);

    [Theory]
    [InlineData("memory:", "")]
    [InlineData("memory:some-name.1", "some-name.1")]
    public void Memory(string url, string name) =>
        Assert.Equal(name, Assert.IsType<StoreUrl.Memory>(StoreUrl.Parse(url)).Name);

    [Theory]
    [InlineData("", "none of the known forms")]
    [InlineData("/var/lib/data", "none of the known forms")]
    [InlineData("s3:bucket", "none of the known forms")]
    [InlineData("http://bucket.s3.amazonaws.com", "none of the known forms")]
    [InlineData("s3://", "3 to 63 characters")]
    [InlineData("s3:///prefix", "3 to 63 characters")]
    [InlineData("s3://bu cket", "3 to 63 characters")]
    [InlineData("s3://bucket/a//b", "The prefix")]
    [InlineData("s3://bucket/../b", "The prefix")]
    [InlineData("s3://bucket/ä", "The prefix")]
    [InlineData("s3://bucket?colour=red", "endpoint, region, pathStyle")]
    [InlineData("s3://bucket?region", "endpoint, region, pathStyle")]
    [InlineData("s3://bucket?region=a&Region=b", "twice")]
    [InlineData("file:", "names no directory")]
    [InlineData("file://data/x", "third slash")]
    [InlineData("file:data?x=1", "no parameters")]
    [InlineData("memory:a/b", "name of a store in memory")]
    public void What_is_wrong_is_said_with_the_forms_that_there_are(string url, string problem)
    {
        StoreException error = Assert.Throws<StoreException>(() => StoreUrl.Parse(url));
        Assert.Equal(StoreFailure.Misconfigured, error.Failure);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("s3://bucket/prefix", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://AKIDTEST:hidden@bucket/prefix")]
    [InlineData("s3://bucket/prefix?secretKey=hidden")]
    [InlineData("s3://bucket/prefix?endpoint=http://user:hidden@127.0.0.1:9000")]
    [InlineData("s3://bucket/prefix?endpoint=http://127.0.0.1:9000/?token=hidden")]
    [InlineData("https://user:hidden@example.com/bucket")]
    [InlineData("s3://bucket/prefix?pathStyle=hidden")]
    [InlineData("s3://bucket/prefix?sse=hidden")]
    public void Credentials_in_a_url_are_refused_and_not_repeated(string url)
    {
        StoreException error = Assert.Throws<StoreException>(() => ObjectStores.Open(url, TimeProvider.System, Entropy.System));
        Assert.Equal(StoreFailure.Misconfigured, error.Failure);
        Assert.DoesNotContain("hidden", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_form_opens_its_store()
    {
        var directory = new TemporaryDirectory();
        await using (IObjectStore store = ObjectStores.Open($"file:{directory.Path}/with%20a%23%3F%25", TimeProvider.System, Entropy.System))
        {
            Assert.IsType<DirectoryStore>(store);
            Assert.True(Directory.Exists(directory.Below("with a#?%")));

            // The store's own URL is one that opens it again.
            Assert.Equal(directory.Below("with a#?%"), ((StoreUrl.Folder)StoreUrl.Parse(store.Url)).Path);
        }

        directory.Delete();
        string memory = $"memory:{Entropy.System.NextGuid():n}";
        await ObjectStores.Open(memory, TimeProvider.System, Entropy.System).WriteAsync("a", default, default);
        Assert.Single(await ObjectStores.Open(memory, TimeProvider.System, Entropy.System).ListAsync("", default).ToArrayAsync());
        Assert.Empty(await ObjectStores.Open("memory:", TimeProvider.System, Entropy.System).ListAsync("", default).ToArrayAsync());
        await using IObjectStore s3 = ObjectStores.Open("s3://bucket/p?endpoint=http://127.0.0.1:9000", TimeProvider.System, Entropy.System);
        Assert.Equal("s3://bucket/p?endpoint=http://127.0.0.1:9000", s3.Url);
    }
}
