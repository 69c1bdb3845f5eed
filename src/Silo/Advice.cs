using Amazon.Runtime;
using Orleans.Runtime;
using OrleansSqlite.Server;

namespace OrleansSqlite.Silo;

/// <summary>What the user of a silo that did not start can do. Most of what can be wrong is not a setting, but what it names.</summary>
internal static class Advice
{
    private const string Settings = "Correct the setting, or see them all: orleans-sqlite-silo --help";
    private const string Reach = "Check that the {0} runs and can be reached from here, and start again. Its address is a setting: orleans-sqlite-silo --help";
    private const string Rights = "Check the credentials, the region and their rights to the {0} (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, or a role), and start again";

    private const string Store = "store";
    private const string Service = "AWS service";

    public static string For(Exception error) => error switch
    {
        RefusedSettingsException refused => refused.Next,
        SettingException or Microsoft.Extensions.Options.OptionsValidationException or OrleansConfigurationException or DatabaseException { Kind: ErrorKind.Invalid } => Settings,
        DatabaseException { Code: ErrorCodes.StoreDenied } => Of(Rights, Store),
        DatabaseException { Code: ErrorCodes.StoreFull } => "Make room in the store, and start again",
        DatabaseException { Kind: ErrorKind.Corrupt } => "Find out what is damaged: orleans-sqlite verify. If a newer version wrote it, update this one",
        DatabaseException => Of(Reach, Store),
        AmazonServiceException { StatusCode: > 0 and < System.Net.HttpStatusCode.InternalServerError } => Of(Rights, Service),
        AmazonServiceException => Of(Reach, Service),

        // It has not come as far as to a request.
        AmazonClientException => Of(Rights, Service),
        IOException => "Check that the addresses and ports are free (--urls, --silo-port, --gateway-port) and that the files may be used, and start again",
        _ => "Check that what the silo starts with can be reached from here (the store; for DynamoDB, its service) and may be used, and start again",
    };

    private static string Of(string advice, string what) => advice.Replace("{0}", what, StringComparison.Ordinal);
}
