using OrleansSqlite.Format;

namespace OrleansSqlite.Tests.Format;

/// <summary>What a decoder may do with any bytes at all: give a value, or refuse them as Corrupt, without taking much memory.</summary>
internal static class Refusal
{
    public const string Key = "app/the-object";

    /// <summary>
    /// Runs a decoder. The object model of a small structure takes a few times its stored size; an error takes a few
    /// kilobytes of text and stack; beyond that there is only what the caller declares.
    /// </summary>
    /// <param name="decode">The decoder.</param>
    /// <param name="inputBytes">The size of what it reads.</param>
    /// <param name="declaredBytes">The documented bound on what it may unpack.</param>
    /// <param name="value">What it gave, or null.</param>
    /// <returns>The error's code, or null if it gave a value.</returns>
    public static string? Try<T>(Func<T> decode, int inputBytes, long declaredBytes, out T? value)
        where T : class
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string? code = null;
        value = null;
        try
        {
            value = decode();
        }
        catch (DatabaseException error)
        {
            Assert.Equal(ErrorKind.Corrupt, error.Kind);
            Assert.Equal(Key, error.Object);
            Assert.Contains(Key, error.Message, StringComparison.Ordinal);
            Assert.Contains(error.Code, new[] { ErrorCodes.Damaged, ErrorCodes.TooNew });
            code = error.Code;
        }

        long taken = GC.GetAllocatedBytesForCurrentThread() - before;
        long bound = 8L * inputBytes + declaredBytes + 32_768;
        Assert.True(taken <= bound, $"{taken} bytes were allocated for an input of {inputBytes}; the bound is {bound}");
        return code;
    }

    /// <summary>Runs a decoder on bytes that must not pass.</summary>
    public static string Expect<T>(Func<T> decode, int inputBytes, long declaredBytes, string input)
        where T : class
    {
        string? code = Try(decode, inputBytes, declaredBytes, out _);
        Assert.True(code is not null, $"{input}: these bytes were accepted");
        return code;
    }
}
