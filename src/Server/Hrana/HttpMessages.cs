namespace OrleansSqlite.Server.Hrana;

/// <summary>Requests for a stream over HTTP.</summary>
/// <param name="Baton">That of the stream; null for a new one.</param>
/// <param name="Requests">What is asked of it, in order.</param>
internal sealed record PipelineRequest(string? Baton, IReadOnlyList<HranaRequest> Requests);

/// <summary>A batch for a stream over HTTP, whose rows are given out as they come.</summary>
/// <param name="Baton">That of the stream; null for a new one.</param>
/// <param name="Steps">The batch.</param>
internal sealed record CursorRequest(string? Baton, IReadOnlyList<BatchStep> Steps);

/// <summary>The answer to a pipeline.</summary>
/// <param name="Baton">Good for the next one; null if the stream was closed.</param>
/// <param name="Results">One for each request.</param>
internal sealed record PipelineAnswer(string? Baton, IReadOnlyList<HranaResult> Results);

/// <summary>What became of a request: a response, or an error.</summary>
internal readonly record struct HranaResult(HranaResponse? Response, HranaError? Error);
