using System.Buffers;
using System.Text;
using System.Text.Json;
using OrleansSqlite.Server;

namespace OrleansSqlite.Cli;

/// <summary>The JSON of a query's answer over HTTP.</summary>
internal sealed class JsonRows(TextWriter output) : RowWriter, IDisposable
{
    private const int FlushBytes = 64 << 10;

    private readonly ArrayBufferWriter<byte> gathered = new();
    private Utf8JsonWriter? writer;

    public override void Start(long version, IReadOnlyList<Column> columns)
    {
        writer = new Utf8JsonWriter(gathered, ResultJson.Writer);
        ResultJson.Start(writer, version, columns);
    }

    public override void Write(IReadOnlyList<IReadOnlyList<SqlValue>> rows)
    {
        ResultJson.WriteRows(writer!, rows);
        if (writer!.BytesPending + gathered.WrittenCount >= FlushBytes)
        {
            Send();
        }
    }

    public override void End()
    {
        ResultJson.End(writer!);
        Send();
        output.WriteLine();
        Dispose();
    }

    /// <summary>Prints what a batch gave.</summary>
    public void Write(BatchResult result)
    {
        writer = new Utf8JsonWriter(gathered, ResultJson.Writer);
        ResultJson.Write(writer, result);
        Send();
        output.WriteLine();
        Dispose();
    }

    public void Dispose()
    {
        writer?.Dispose();
        writer = null;
    }

    private void Send()
    {
        writer!.Flush();
        output.Write(Encoding.UTF8.GetString(gathered.WrittenSpan));
        gathered.ResetWrittenCount();
    }
}
