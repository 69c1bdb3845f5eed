namespace OrleansSqlite.Cli;

/// <summary>The one map from errors to exit codes.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Invalid = 2;
    public const int Conflict = 3;
    public const int Unavailable = 4;
    public const int Overloaded = 5;
    public const int Corrupt = 6;
    public const int Internal = 7;

    /// <summary>As shells number a process that SIGINT ended.</summary>
    public const int Cancelled = 130;

    /// <summary>The map as the help shows it.</summary>
    public const string Table =
        """
          0  done
          2  invalid: the command line, the SQL, a name, a missing database. Fix the call
          3  conflict: the data has changed meanwhile. Look again, then repeat
          4  unavailable: the store cannot be reached. Try again later
          5  overloaded: too many wait already. Try again after a pause
          6  corrupt: stored data is damaged, or from a newer version; verify has found something
          7  internal: a bug
        130  cancelled by Ctrl-C
        """;

    public static int Of(ErrorKind kind) => kind switch
    {
        ErrorKind.Invalid => Invalid,
        ErrorKind.Conflict => Conflict,
        ErrorKind.Unavailable => Unavailable,
        ErrorKind.Overloaded => Overloaded,
        ErrorKind.Corrupt => Corrupt,
        _ => Internal,
    };
}
