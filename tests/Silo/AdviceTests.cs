using System.Net;
using Amazon.Runtime;
using Orleans.Runtime;
using OrleansSqlite.Silo;

namespace OrleansSqlite.Tests;

/// <summary>An error of the start says what to do about that error.</summary>
public sealed class AdviceTests
{
    public static TheoryData<Exception, string> Errors => new()
    {
        { new SettingException("x"), "Correct the setting" },
        { new OrleansConfigurationException("x"), "Correct the setting" },
        { new DatabaseException(ErrorKind.Invalid, ErrorCodes.BadStore, "x"), "Correct the setting" },
        { new DatabaseException(ErrorKind.Unavailable, ErrorCodes.StoreUnavailable, "x"), "Check that the store runs and can be reached" },
        { new DatabaseException(ErrorKind.Unavailable, ErrorCodes.StoreDenied, "x"), "Check the credentials, the region and their rights to the store" },
        { new DatabaseException(ErrorKind.Unavailable, ErrorCodes.StoreFull, "x"), "Make room in the store" },
        { new DatabaseException(ErrorKind.Corrupt, ErrorCodes.Damaged, "x"), "Find out what is damaged" },
        { new AmazonServiceException("x") { StatusCode = HttpStatusCode.BadRequest }, "Check the credentials, the region and their rights to the AWS service" },
        { new AmazonServiceException("x") { StatusCode = HttpStatusCode.ServiceUnavailable }, "Check that the AWS service runs and can be reached" },
        { new AmazonServiceException("x", new HttpRequestException()), "Check that the AWS service runs and can be reached" },
        { new AmazonClientException("x"), "Check the credentials" },
        { new IOException("x"), "Check that the addresses and ports are free" },
        { new OrleansException("x"), "Check that what the silo starts with can be reached" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public void It_fits_the_error(Exception error, string advice) => Assert.StartsWith(advice, Advice.For(error), StringComparison.Ordinal);

    /// <summary>What the S3 client makes of a server that is not there is its own to change.</summary>
    [Fact]
    public async Task It_fits_a_silo_that_does_not_find_its_store()
    {
        var start = SiloProcess.OnFreePorts("--store", "s3://nobody/x?endpoint=http%3A%2F%2F127.0.0.1%3A9");
        (start.Environment["AWS_ACCESS_KEY_ID"], start.Environment["AWS_SECRET_ACCESS_KEY"], start.Environment["AWS_REGION"]) = ("nobody", "nothing", "us-east-1");
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => SiloProcess.StartAsync(start));
        Assert.Contains("next:  Check that the store runs and can be reached", error.Message, StringComparison.Ordinal);
    }
}
