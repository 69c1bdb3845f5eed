using System.Diagnostics.CodeAnalysis;

namespace OrleansSqlite.Server.Hrana.Protobuf;

/// <summary>Requests in protobuf. A number or text that is not there is 0 or empty, as the encoding has it; a message must be there.</summary>
internal static class ProtobufReader
{
    public static PipelineRequest Pipeline(PipelineReqBody it) => new(it.HasBaton ? it.Baton : null, [.. it.Requests.Select(Request)]);

    public static CursorRequest Cursor(CursorReqBody it) => new(it.HasBaton ? it.Baton : null, Steps(it.Batch));

    public static ClientMessage Message(ClientMsg it) => it.MsgCase switch
    {
        ClientMsg.MsgOneofCase.Hello => new ClientMessage.Hello(it.Hello.HasJwt ? it.Hello.Jwt : null),
        ClientMsg.MsgOneofCase.Request => new ClientMessage.Request(it.Request.RequestId, Asked(it.Request)),
        _ => throw Unknown("message"),
    };

    private static SocketRequest Asked(RequestMsg it) => it.RequestCase switch
    {
        RequestMsg.RequestOneofCase.OpenStream => new SocketRequest.OpenStream(it.OpenStream.StreamId),
        RequestMsg.RequestOneofCase.CloseStream => new SocketRequest.CloseStream(it.CloseStream.StreamId),
        RequestMsg.RequestOneofCase.OpenCursor => new SocketRequest.OpenCursor(it.OpenCursor.StreamId, it.OpenCursor.CursorId, Steps(it.OpenCursor.Batch)),
        RequestMsg.RequestOneofCase.FetchCursor => new SocketRequest.FetchCursor(it.FetchCursor.CursorId, Int(it.FetchCursor.MaxCount)),
        RequestMsg.RequestOneofCase.CloseCursor => new SocketRequest.CloseCursor(it.CloseCursor.CursorId),
        RequestMsg.RequestOneofCase.StoreSql => new SocketRequest.StoreSql(it.StoreSql.SqlId, it.StoreSql.Sql),
        RequestMsg.RequestOneofCase.CloseSql => new SocketRequest.CloseSql(it.CloseSql.SqlId),
        RequestMsg.RequestOneofCase.Execute => new SocketRequest.OfStream(it.Execute.StreamId, new HranaRequest.Execute(Statement(it.Execute.Stmt))),
        RequestMsg.RequestOneofCase.Batch => new SocketRequest.OfStream(it.Batch.StreamId, new HranaRequest.Batch(Steps(it.Batch.Batch))),
        RequestMsg.RequestOneofCase.Sequence => new SocketRequest.OfStream(it.Sequence.StreamId, new HranaRequest.Sequence(Sql(it.Sequence))),
        RequestMsg.RequestOneofCase.Describe => new SocketRequest.OfStream(it.Describe.StreamId, new HranaRequest.Describe(Sql(it.Describe))),
        RequestMsg.RequestOneofCase.GetAutocommit => new SocketRequest.OfStream(it.GetAutocommit.StreamId, new HranaRequest.GetAutocommit()),
        _ => throw Unknown("request"),
    };

    private static HranaRequest Request(StreamRequest it) => it.RequestCase switch
    {
        StreamRequest.RequestOneofCase.Close => new HranaRequest.Close(),
        StreamRequest.RequestOneofCase.Execute => new HranaRequest.Execute(Statement(it.Execute.Stmt)),
        StreamRequest.RequestOneofCase.Batch => new HranaRequest.Batch(Steps(it.Batch.Batch)),
        StreamRequest.RequestOneofCase.Sequence => new HranaRequest.Sequence(Sql(it.Sequence)),
        StreamRequest.RequestOneofCase.Describe => new HranaRequest.Describe(Sql(it.Describe)),
        StreamRequest.RequestOneofCase.StoreSql => new HranaRequest.StoreSql(it.StoreSql.SqlId, it.StoreSql.Sql),
        StreamRequest.RequestOneofCase.CloseSql => new HranaRequest.CloseSql(it.CloseSql.SqlId),
        StreamRequest.RequestOneofCase.GetAutocommit => new HranaRequest.GetAutocommit(),
        _ => throw Unknown("request"),
    };

    private static Hrana.BatchStep[] Steps(Batch? it) =>
    [
        .. There(it, "batch").Steps.Select(step => new Hrana.BatchStep(step.Condition is { } condition ? Condition(condition) : null, Statement(step.Stmt))),
    ];

    private static HranaStatement Statement(Stmt? it) => new(
        new(There(it, "stmt").HasSql ? it.Sql : null, it.HasSqlId ? it.SqlId : null),
        [.. it.Args.Select(Value)],
        [.. it.NamedArgs.Select(one => KeyValuePair.Create(one.Name, Value(There(one.Value, "value"))))],
        !it.HasWantRows || it.WantRows);

    private static SqlReference Sql(SqlStreamReq it) => new(it.HasSql ? it.Sql : null, it.HasSqlId ? it.SqlId : null);

    private static SqlReference Sql(SqlReq it) => new(it.HasSql ? it.Sql : null, it.HasSqlId ? it.SqlId : null);

    private static BatchCondition Condition(BatchCond it) => it.CondCase switch
    {
        BatchCond.CondOneofCase.StepOk => new BatchCondition.Ok(Int(it.StepOk)),
        BatchCond.CondOneofCase.StepError => new BatchCondition.Failed(Int(it.StepError)),
        BatchCond.CondOneofCase.Not => new BatchCondition.Not(Condition(it.Not)),
        BatchCond.CondOneofCase.And => new BatchCondition.And([.. it.And.Conds.Select(Condition)]),
        BatchCond.CondOneofCase.Or => new BatchCondition.Or([.. it.Or.Conds.Select(Condition)]),
        BatchCond.CondOneofCase.IsAutocommit => new BatchCondition.IsAutocommit(),
        _ => throw Unknown("condition"),
    };

    private static SqlValue Value(Value it) => it.ValueCase switch
    {
        Protobuf.Value.ValueOneofCase.Null => SqlValue.Null,
        Protobuf.Value.ValueOneofCase.Integer => SqlValue.From(it.Integer),
        Protobuf.Value.ValueOneofCase.Float => SqlValue.From(it.Float),
        Protobuf.Value.ValueOneofCase.Text => SqlValue.From(it.Text),
        Protobuf.Value.ValueOneofCase.Blob => SqlValue.From(it.Blob.ToByteArray()),
        _ => throw Unknown("value"),
    };

    /// <summary>More than fits is as good as endless: no batch and no cursor has that much.</summary>
    private static int Int(uint number) => (int)Math.Min(number, int.MaxValue);

    private static T There<T>([NotNull] T? it, string name)
        where T : class => it ?? throw HranaException.Malformed($"\"{name}\" is missing.");

    private static HranaException Unknown(string what) => HranaException.Malformed($"A {what} says nothing, or what is not known here.");
}
