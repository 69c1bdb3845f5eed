using System.Net;
using System.Net.Http.Headers;

namespace OrleansSqlite.Stores;

/// <summary>What lies between the SDK and the network: what the SDK has no setting for.</summary>
internal sealed class S3Transport(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    // Asking for leave to send (100 Continue) costs every upload a round trip. It pays only where much would be sent in vain.
    private const int WorthAskingBytes = 1 << 20;

    private static readonly AsyncLocal<AnswerNotes?> Notes = new();

    /// <summary>
    /// Notes what the answers say to that which the caller asks from here on. "Not modified" (304) and "precondition failed" (412) are
    /// then plain answers, found in the notes; the SDK takes them for empty successes. (It would throw exceptions through some twenty
    /// layers. That took more of the processor than all the rest of the request, for the most frequent read and for each lost race.)
    /// </summary>
    public static AnswerNotes TakeNotes() => Notes.Value = new AnswerNotes();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Headers.ExpectContinue == true && request.Content?.Headers.ContentLength < WorthAskingBytes)
        {
            request.Headers.ExpectContinue = false;
        }

        AnswerNotes? notes = Notes.Value;
        HttpResponseMessage answer = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (notes is null)
        {
            return answer;
        }

        notes.Take(answer);
        if (answer.StatusCode is not (HttpStatusCode.NotModified or HttpStatusCode.PreconditionFailed))
        {
            return answer;
        }

        // Read to its end, so that the connection can be used again.
        using (answer)
        {
            await answer.Content.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
        }

        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([]), RequestMessage = request };
    }
}

/// <summary>What the last answer said.</summary>
internal sealed class AnswerNotes
{
    /// <summary>Its true status, which must be looked at before anything else of the answer.</summary>
    public HttpStatusCode Status { get; private set; }

    /// <summary>The store's clock. The SDK's answers leave it out.</summary>
    public DateTimeOffset? Now { get; private set; }

    /// <summary>
    /// The object's tag. It is kept from the SDK, which takes it for the MD5 of the content and fails a read where it is not:
    /// a tag means nothing, and with many stores and kinds of encryption it is something else.
    /// </summary>
    public ETag Tag { get; private set; }

    public void Take(HttpResponseMessage answer)
    {
        Status = answer.StatusCode;
        Now = answer.Headers.Date;
        Tag = TagForm.Read(answer.Headers.NonValidated.TryGetValues("ETag", out HeaderStringValues tag) ? tag.ToString() : null);
        answer.Headers.Remove("ETag");
    }
}
