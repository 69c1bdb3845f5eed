namespace OrleansSqlite.Stores;

/// <summary>What lies between the SDK and the network: two things that the SDK has no setting for.</summary>
internal sealed class S3Transport(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // Asking for leave to send (100 Continue) costs every upload a round trip. It pays only where much would be sent in vain.
    private const int WorthAskingBytes = 1 << 20;

    private static readonly AsyncLocal<StoreClock?> Clock = new();

    /// <summary>Has the Date of the answers to what the caller does from here on noted; the SDK's answers leave it out.</summary>
    public static StoreClock WatchClock() => Clock.Value = new StoreClock();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Headers.ExpectContinue == true && request.Content?.Headers.ContentLength < WorthAskingBytes)
        {
            request.Headers.ExpectContinue = false;
        }

        StoreClock? clock = Clock.Value;
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        clock?.Now = response.Headers.Date;
        return response;
    }
}

/// <summary>The store's clock at its last answer, if it said so.</summary>
internal sealed class StoreClock
{
    public DateTimeOffset? Now { get; set; }
}
