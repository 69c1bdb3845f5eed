using OrleansSqlite.Stores;

namespace OrleansSqlite.Tests.Stores;

public sealed class S3SettingsTests
{
    [Fact]
    public void Without_an_endpoint_it_is_AWS()
    {
        S3Settings settings = From(new S3Options());
        Assert.Null(settings.Endpoint);
        Assert.False(settings.PathStyle);
    }

    [Fact]
    public void The_environment_names_an_endpoint_unless_the_options_do()
    {
        (string, string) special = ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
        (string, string) general = ("AWS_ENDPOINT_URL", "http://127.0.0.1:2");
        Assert.Equal(new Uri("http://127.0.0.1:1"), From(new S3Options(), special, general).Endpoint);
        Assert.Equal(new Uri("http://127.0.0.1:2"), From(new S3Options(), general).Endpoint);
        Assert.Equal(new Uri("http://127.0.0.1:3"), From(new S3Options { Endpoint = new Uri("http://127.0.0.1:3") }, special, general).Endpoint);
        Assert.Null(From(new S3Options(), special, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")).Endpoint);
        Assert.True(From(new S3Options(), general).PathStyle);
        Assert.False(From(new S3Options { ForcePathStyle = false }, general).PathStyle);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Refuse("AWS_ENDPOINT_URL", new S3Options(), ("AWS_ENDPOINT_URL", "ftp://user:hidden@host"));
        Refuse("without credentials", new S3Options { Endpoint = new Uri("http://user:hidden@host") });
        Refuse("KMS key", new S3Options { Encryption = S3Encryption.Aes256, KmsKey = "k" });
        Refuse("bucket key", new S3Options { BucketKey = true });
        Refuse("SwapTimeout", new S3Options { SwapTimeout = TimeSpan.Zero });
        Refuse("RequestTimeout", new S3Options { RequestTimeout = TimeSpan.FromHours(2) });
        Refuse("ConnectTimeout", new S3Options { ConnectTimeout = TimeSpan.FromSeconds(-1) });
        Refuse("Retries", new S3Options { Retries = 21 });
    }

    [Fact]
    public void A_prefix_is_a_plain_path_or_it_is_refused()
    {
        foreach (string bad in (string[])["a b", "..", "a//b", "ä"])
        {
            Assert.Throws<ArgumentException>(() => new S3Store("bucket", bad));
        }
    }

    private static S3Settings From(S3Options options, params (string Name, string Value)[] environment) =>
        S3Settings.From(options, "s3://bucket", name => environment.FirstOrDefault(variable => variable.Name == name).Value);

    private static void Refuse(string named, S3Options options, params (string Name, string Value)[] environment)
    {
        StoreException error = Assert.Throws<StoreException>(() => From(options, environment));
        Assert.Equal(StoreFailure.Misconfigured, error.Failure);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", error.Message, StringComparison.Ordinal);
    }
}
