namespace OrleansSqlite.Stores;

/// <summary>What lies between the SDK and the network: what the SDK has no setting for.</summary>
internal sealed class S3Transport(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // Asking for leave to send (100 Continue) costs every upload a round trip. It pays only where much would be sent in vain.
    private const int WorthAskingBytes = 1 << 20;

    private static readonly AsyncLocal<AnswerNotes?> Notes = new();

    /// <summary>Notes the headers of the answers to what the caller does from here on.</summary>
    public static AnswerNotes TakeNotes() => Notes.Value = new AnswerNotes();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Headers.ExpectContinue == true && request.Content?.Headers.ContentLength < WorthAskingBytes)
        {
            request.Headers.ExpectContinue = false;
        }

        AnswerNotes? notes = Notes.Value;
        HttpResponseMessage response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        notes?.Take(response);
        return response;
    }
}

/// <summary>What the headers of the last answer said.</summary>
internal sealed class AnswerNotes
{
    /// <summary>The store's clock. The SDK's answers leave it out.</summary>
    public DateTimeOffset? Now { get; private set; }

    /// <summary>
    /// The object's tag. It is kept from the SDK, which takes it for the MD5 of the content and fails a read where it is not:
    /// a tag means nothing, and with many stores and kinds of encryption it is something else.
    /// </summary>
    public ETag Tag { get; private set; } = TagForm.Read(null);

    public void Take(HttpResponseMessage answer)
    {
        Now = answer.Headers.Date;
        if (answer.Headers.NonValidated.TryGetValues("ETag", out System.Net.Http.Headers.HeaderStringValues tag))
        {
            Tag = TagForm.Read(tag.ToString());
            answer.Headers.Remove("ETag");
        }
    }
}
