using System.Collections;
using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace OrleansSqlite;

/// <summary>One command of an <see cref="OrleansSqliteBatch"/>, with parameters of its own.</summary>
public sealed class OrleansSqliteBatchCommand : DbBatchCommand
{
    private readonly OwnParameters parameters = new();
    private string text = "";
    private int recordsAffected = -1;

    /// <summary>Makes an empty one.</summary>
    public OrleansSqliteBatchCommand()
    {
    }

    /// <summary>Makes one with its SQL.</summary>
    public OrleansSqliteBatchCommand(string commandText) => CommandText = commandText;

    /// <inheritdoc/>
    [System.Diagnostics.CodeAnalysis.AllowNull]
    public override string CommandText
    {
        get => text;
        set => text = value ?? "";
    }

    /// <inheritdoc/>
    public override CommandType CommandType
    {
        get => CommandType.Text;
        set
        {
            if (value != CommandType.Text)
            {
                throw new ArgumentException("SQLite has text commands only.", nameof(value));
            }
        }
    }

    /// <summary>The rows that it changed when the batch was executed; -1 before, and for one that only reads.</summary>
    public override int RecordsAffected => recordsAffected;

    /// <summary>Its parameters.</summary>
    public new SqliteParameterCollection Parameters => parameters;

    /// <inheritdoc/>
    public override bool CanCreateParameter => true;

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => parameters;

    /// <inheritdoc/>
    public override DbParameter CreateParameter() => new SqliteParameter();

    internal void Executed(int changed) => recordsAffected = changed;

    // The provider's collection has no public constructor.
    private sealed class OwnParameters : SqliteParameterCollection;
}

/// <summary>The commands of a batch, in the order in which they run.</summary>
public sealed class OrleansSqliteBatchCommandCollection : DbBatchCommandCollection
{
    private readonly List<OrleansSqliteBatchCommand> commands = [];

    internal OrleansSqliteBatchCommandCollection()
    {
    }

    /// <inheritdoc/>
    public override int Count => commands.Count;

    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    /// <inheritdoc/>
    public override void Add(DbBatchCommand item) => commands.Add(Own(item));

    /// <inheritdoc/>
    public override void Clear() => commands.Clear();

    /// <inheritdoc/>
    public override bool Contains(DbBatchCommand item) => IndexOf(item) >= 0;

    /// <inheritdoc/>
    public override void CopyTo(DbBatchCommand[] array, int arrayIndex) => ((ICollection)commands).CopyTo(array, arrayIndex);

    /// <inheritdoc/>
    public override IEnumerator<DbBatchCommand> GetEnumerator() => commands.GetEnumerator();

    /// <inheritdoc/>
    public override int IndexOf(DbBatchCommand item) => item is OrleansSqliteBatchCommand own ? commands.IndexOf(own) : -1;

    /// <inheritdoc/>
    public override void Insert(int index, DbBatchCommand item) => commands.Insert(index, Own(item));

    /// <inheritdoc/>
    public override bool Remove(DbBatchCommand item) => item is OrleansSqliteBatchCommand own && commands.Remove(own);

    /// <inheritdoc/>
    public override void RemoveAt(int index) => commands.RemoveAt(index);

    /// <inheritdoc/>
    protected override DbBatchCommand GetBatchCommand(int index) => commands[index];

    /// <inheritdoc/>
    protected override void SetBatchCommand(int index, DbBatchCommand batchCommand) => commands[index] = Own(batchCommand);

    private static OrleansSqliteBatchCommand Own(DbBatchCommand item) =>
        item as OrleansSqliteBatchCommand ?? throw new ArgumentException($"An {nameof(OrleansSqliteBatchCommand)} is wanted.", nameof(item));
}
