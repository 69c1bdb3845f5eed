namespace OrleansSqlite.Tests;

/// <summary>What an error must be: of a kind and a code, with a message that names what it is about and says more than that.</summary>
internal static class Refused
{
    /// <summary>Asserts that a call fails so, and gives the error.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="code">The code.</param>
    /// <param name="named">What the message must name: a file, a database, an object, a store.</param>
    /// <param name="call">The call.</param>
    public static async Task<DatabaseException> AsAsync(ErrorKind kind, string code, string named, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<DatabaseException>(call);
        Assert.Equal((kind, code), (error.Kind, error.Code));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        AssertReadable(error.Message);
        return error;
    }

    /// <summary>Asserts the same of the error that a worker ended with.</summary>
    public static void As(ErrorKind kind, string code, string named, WorkerError error)
    {
        Assert.Equal((kind.ToString(), code), (error.Kind, error.Code));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        AssertReadable(error.Message);
    }

    /// <summary>A sentence that ends, without the marks of an error that was put into a message unread.</summary>
    private static void AssertReadable(string message)
    {
        Assert.Matches("^[A-Z].*[.)]$", message.ReplaceLineEndings(" "));
        Assert.DoesNotContain("..", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", message, StringComparison.Ordinal);
    }
}
