using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite;

/// <summary>
/// A connection string: <c>Store=s3://bucket/prefix;Data Source=shop</c>. Keywords that have a meaning for SQLite's own provider
/// keep it; those whose meaning can't be kept are refused, not ignored.
/// </summary>
#pragma warning disable CA1010 // The generic interface would have to be implemented anew over the base class's untyped one, as no provider does.
public sealed class OrleansSqliteConnectionStringBuilder : DbConnectionStringBuilder
#pragma warning restore CA1010
{
    private const string StoreKey = "Store";
    private const string DataSourceKey = "Data Source";
    private const string ModeKey = "Mode";
    private const string ReadLevelKey = "Read Level";
    private const string RecordBytesKey = "Record Bytes";
    private const string ForeignKeysKey = "Foreign Keys";
    private const string RecursiveTriggersKey = "Recursive Triggers";
    private const string DefaultTimeoutKey = "Default Timeout";
    private const string CacheKey = "Cache";
    private const string PoolingKey = "Pooling";
    private const long DefaultRecordBytes = 8 << 20;

    private static readonly Dictionary<string, string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        [StoreKey] = StoreKey,
        [DataSourceKey] = DataSourceKey,
        ["DataSource"] = DataSourceKey,
        ["Filename"] = DataSourceKey,
        ["Database"] = DataSourceKey,
        [ModeKey] = ModeKey,
        [ReadLevelKey] = ReadLevelKey,
        [RecordBytesKey] = RecordBytesKey,
        [ForeignKeysKey] = ForeignKeysKey,
        [RecursiveTriggersKey] = RecursiveTriggersKey,
        [DefaultTimeoutKey] = DefaultTimeoutKey,
        ["Command Timeout"] = DefaultTimeoutKey,
        [CacheKey] = CacheKey,
        [PoolingKey] = PoolingKey,
    };

    /// <summary>Makes an empty one.</summary>
    public OrleansSqliteConnectionStringBuilder()
    {
    }

    /// <summary>Makes one from a connection string.</summary>
    /// <exception cref="ArgumentException">A keyword or a value is not known, or can't be honoured.</exception>
    public OrleansSqliteConnectionStringBuilder(string connectionString) => ConnectionString = connectionString;

    /// <summary>The store's URL: <c>s3://bucket/prefix</c>, <c>file:path</c> or <c>memory:</c>. A data source has it already.</summary>
    public string Store
    {
        get => Text(StoreKey);
        set => this[StoreKey] = value;
    }

    /// <summary>The database's name. Also <c>Database</c>, <c>Filename</c>.</summary>
    public string DataSource
    {
        get => Text(DataSourceKey);
        set => this[DataSourceKey] = value;
    }

    /// <summary>Whether the connection may write, and whether opening it creates the database if there is none, as SQLite does. Default
    /// <see cref="SqliteOpenMode.ReadWriteCreate"/>.</summary>
    public SqliteOpenMode Mode
    {
        get => TryText(ModeKey, out string text) ? Enum.Parse<SqliteOpenMode>(text, ignoreCase: true) : SqliteOpenMode.ReadWriteCreate;
        set => this[ModeKey] = value;
    }

    /// <summary>What reads outside of write transactions promise: <c>strong</c> (the default), <c>at least 17</c>, or <c>stale by 5s</c>
    /// (or <c>500ms</c>, <c>2m</c>, <c>00:00:05</c>).</summary>
    public ReadLevel ReadLevel
    {
        get => TryText(ReadLevelKey, out string text) ? Data.ReadLevelText.Parse(text) : ReadLevel.Strong;
        set => this[ReadLevelKey] = Data.ReadLevelText.Format(value);
    }

    /// <summary>How much memory the record of one transaction may take, in bytes; beyond it, a lost race is a conflict. Default 8 MiB.</summary>
    public long RecordBytes
    {
        get => TryText(RecordBytesKey, out string text) ? long.Parse(text, CultureInfo.InvariantCulture) : DefaultRecordBytes;
        set => this[RecordBytesKey] = value;
    }

    /// <summary>Whether foreign keys are enforced; null leaves it to SQLite's own default, which is on.</summary>
    public bool? ForeignKeys
    {
        get => TryText(ForeignKeysKey, out string text) ? Flag(text) : null;
        set => this[ForeignKeysKey] = value;
    }

    /// <summary>Whether triggers may fire themselves. Default false.</summary>
    public bool RecursiveTriggers
    {
        get => TryText(RecursiveTriggersKey, out string text) && Flag(text);
        set => this[RecursiveTriggersKey] = value;
    }

    /// <summary>The default of <see cref="DbCommand.CommandTimeout"/>, in seconds. Nothing waits for locks here, so nothing times out.</summary>
    public int DefaultTimeout
    {
        get => TryText(DefaultTimeoutKey, out string text) ? int.Parse(text, CultureInfo.InvariantCulture) : 30;
        set => this[DefaultTimeoutKey] = value;
    }

    /// <summary>A setting by its keyword.</summary>
    /// <exception cref="ArgumentException">The keyword or the value is not known, or can't be honoured.</exception>
    [System.Diagnostics.CodeAnalysis.AllowNull]
    public override object this[string keyword]
    {
        get => TryGetValue(keyword, out object? value) ? value : "";
        set
        {
            string known = Known(keyword);
            if (value is null)
            {
                base.Remove(known);
                return;
            }

            string text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            Validate(known, text);
            base[known] = text;
        }
    }

    /// <inheritdoc/>
    public override bool ContainsKey(string keyword) => Keywords.TryGetValue(keyword, out string? known) && base.ContainsKey(known);

    /// <inheritdoc/>
    public override bool Remove(string keyword) => Keywords.TryGetValue(keyword, out string? known) && base.Remove(known);

    /// <inheritdoc/>
    public override bool TryGetValue(string keyword, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out object? value)
    {
        value = null;
        return Keywords.TryGetValue(keyword, out string? known) && base.TryGetValue(known, out value);
    }

    /// <summary>What must be there to open a connection.</summary>
    internal void Check(bool needsStore)
    {
        if (DataSource.Length == 0)
        {
            throw Invalid("The connection string names no database: add Data Source=name.");
        }

        if (needsStore && Store.Length == 0)
        {
            throw Invalid("The connection string names no store: add Store=s3://bucket/prefix (or file:path, memory:), or open the connection from a data source.");
        }
    }

    /// <summary>What SQLite's own provider is told.</summary>
    internal SqliteConnectionStringBuilder ForProvider() => new()
    {
        Mode = Mode == SqliteOpenMode.ReadOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
        ForeignKeys = ForeignKeys,
        RecursiveTriggers = RecursiveTriggers,
        DefaultTimeout = DefaultTimeout,
    };

    private static string Known(string keyword) => Keywords.TryGetValue(keyword, out string? known) ? known : keyword.ToUpperInvariant() switch
    {
        "PASSWORD" => throw new ArgumentException("A stored database has no password. Use the store's encryption.", nameof(keyword)),
        "VFS" => throw new ArgumentException("A stored database has a VFS of its own.", nameof(keyword)),
        _ => throw new ArgumentException($"The connection string keyword '{keyword}' is not known.", nameof(keyword)),
    };

    private static void Validate(string keyword, string text)
    {
        bool isGood = keyword switch
        {
            ModeKey => Enum.TryParse<SqliteOpenMode>(text, ignoreCase: true, out var mode) && Enum.IsDefined(mode),
            ReadLevelKey => Data.ReadLevelText.TryParse(text, out _),
            RecordBytesKey => long.TryParse(text, CultureInfo.InvariantCulture, out long bytes) && bytes >= 0,
            DefaultTimeoutKey => int.TryParse(text, CultureInfo.InvariantCulture, out int seconds) && seconds >= 0,
            ForeignKeysKey => text.Length == 0 || IsFlag(text),
            RecursiveTriggersKey or PoolingKey => IsFlag(text),
            CacheKey => Enum.TryParse<SqliteCacheMode>(text, ignoreCase: true, out var cache) && Enum.IsDefined(cache),
            _ => true,
        };
        if (!isGood)
        {
            throw new ArgumentException($"The connection string's {keyword} can't be '{text}'.");
        }

        if (keyword == ModeKey && string.Equals(text, nameof(SqliteOpenMode.Memory), StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException("Mode=Memory is SQLite's own in-memory database: use Store=memory: for a stored one in memory.");
        }

        if (keyword == CacheKey && string.Equals(text, nameof(SqliteCacheMode.Shared), StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException("Cache=Shared can't be honoured: each connection has a snapshot of its own. Pages are shared by all connections anyway.");
        }
    }

    private static bool Flag(string text) => bool.TryParse(text, out bool flag) ? flag : text is "1" || string.Equals(text, "yes", StringComparison.OrdinalIgnoreCase);

    private static bool IsFlag(string text) => bool.TryParse(text, out _) || text.ToUpperInvariant() is "0" or "1" or "YES" or "NO";

    private static DatabaseException Invalid(string message) => new(ErrorKind.Invalid, ErrorCodes.BadArgument, message);

    private string Text(string keyword) => TryText(keyword, out string text) ? text : "";

    private bool TryText(string keyword, out string text)
    {
        text = base.TryGetValue(keyword, out object? value) ? (string)value : "";
        return text.Length > 0;
    }
}
