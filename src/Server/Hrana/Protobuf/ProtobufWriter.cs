using Google.Protobuf;

namespace OrleansSqlite.Server.Hrana.Protobuf;

/// <summary>Answers in protobuf.</summary>
internal static class ProtobufWriter
{
    private static readonly Empty Nothing = new();

    public static PipelineRespBody Pipeline(PipelineAnswer answer)
    {
        var body = new PipelineRespBody();
        if (answer.Baton is { } baton)
        {
            body.Baton = baton;
        }

        body.Results.AddRange(answer.Results.Select(result => result.Error is { } error
            ? new StreamResult { Error = Error(error) }
            : new StreamResult { Ok = OverHttp(result.Response!) }));
        return body;
    }

    public static ServerMsg Message(ServerMessage message) => message switch
    {
        ServerMessage.HelloError it => new() { HelloError = new() { Error = Error(it.Error) } },
        ServerMessage.ResponseOk it => new() { ResponseOk = OverSocket(it.RequestId, it.Response) },
        ServerMessage.ResponseError it => new() { ResponseError = new() { RequestId = it.RequestId, Error = Error(it.Error) } },
        _ => new() { HelloOk = Nothing },
    };

    public static CursorEntry Entry(Hrana.CursorEntry entry)
    {
        switch (entry)
        {
            case Hrana.CursorEntry.StepBegin it:
                var begin = new StepBeginEntry { Step = (uint)it.Step };
                begin.Cols.AddRange(it.Columns.Select(Column));
                return new() { StepBegin = begin };
            case Hrana.CursorEntry.Row it:
                return new() { Row = Row(it.Values) };
            case Hrana.CursorEntry.StepEnd it:
                return new() { StepEnd = new() { AffectedRowCount = (ulong)it.AffectedRows, LastInsertRowid = it.LastInsertRowId } };
            case Hrana.CursorEntry.StepError it:
                return new() { StepError = new() { Step = (uint)it.Step, Error = Error(it.Error) } };
            default:
                throw Unwritten(entry);
        }
    }

    public static Error Error(HranaError error) => new() { Message = error.Message, Code = error.Code };

    private static StreamResponse OverHttp(HranaResponse response) => response switch
    {
        HranaResponse.Execute it => new() { Execute = new() { Result = Statement(it.Result) } },
        HranaResponse.Batch it => new() { Batch = new() { Result = Batch(it.Result) } },
        HranaResponse.Describe it => new() { Describe = new() { Result = Describe(it.Result) } },
        HranaResponse.GetAutocommit it => new() { GetAutocommit = new() { IsAutocommit = it.IsAutocommit } },
        { Type: "close" } => new() { Close = Nothing },
        { Type: "sequence" } => new() { Sequence = Nothing },
        { Type: "store_sql" } => new() { StoreSql = Nothing },
        { Type: "close_sql" } => new() { CloseSql = Nothing },
        _ => throw Unwritten(response),
    };

    private static ResponseOkMsg OverSocket(int id, HranaResponse response)
    {
        ResponseOkMsg message = response switch
        {
            HranaResponse.Execute it => new() { Execute = new() { Result = Statement(it.Result) } },
            HranaResponse.Batch it => new() { Batch = new() { Result = Batch(it.Result) } },
            HranaResponse.Describe it => new() { Describe = new() { Result = Describe(it.Result) } },
            HranaResponse.GetAutocommit it => new() { GetAutocommit = new() { IsAutocommit = it.IsAutocommit } },
            HranaResponse.FetchCursor it => new() { FetchCursor = Fetched(it) },
            { Type: "open_stream" } => new() { OpenStream = Nothing },
            { Type: "close_stream" } => new() { CloseStream = Nothing },
            { Type: "open_cursor" } => new() { OpenCursor = Nothing },
            { Type: "close_cursor" } => new() { CloseCursor = Nothing },
            { Type: "sequence" } => new() { Sequence = Nothing },
            { Type: "store_sql" } => new() { StoreSql = Nothing },
            { Type: "close_sql" } => new() { CloseSql = Nothing },
            _ => throw Unwritten(response),
        };
        message.RequestId = id;
        return message;
    }

    private static FetchCursorResp Fetched(HranaResponse.FetchCursor fetched)
    {
        var message = new FetchCursorResp { Done = fetched.IsDone };
        message.Entries.AddRange(fetched.Entries.Select(Entry));
        return message;
    }

    private static StmtResult Statement(StatementAnswer answer)
    {
        var message = new StmtResult { AffectedRowCount = (ulong)answer.AffectedRows, LastInsertRowid = answer.LastInsertRowId };
        message.Cols.AddRange(answer.Columns.Select(Column));
        message.Rows.AddRange(answer.Rows.Select(Row));
        return message;
    }

    private static BatchResult Batch(BatchAnswer answer)
    {
        var message = new BatchResult();
        for (int i = 0; i < answer.Results.Count; i++)
        {
            if (answer.Results[i] is { } result)
            {
                message.StepResults.Add((uint)i, Statement(result));
            }

            if (answer.Errors[i] is { } error)
            {
                message.StepErrors.Add((uint)i, Error(error));
            }
        }

        return message;
    }

    private static DescribeResult Describe(DescribeAnswer answer)
    {
        var message = new DescribeResult { IsExplain = answer.IsExplain, IsReadonly = answer.IsReadOnly };
        foreach (string? name in answer.Parameters)
        {
            message.Params.Add(name is null ? new DescribeParam() : new DescribeParam { Name = name });
        }

        foreach (var (name, type) in answer.Columns)
        {
            message.Cols.Add(type is null ? new DescribeCol { Name = name } : new DescribeCol { Name = name, Decltype = type });
        }

        return message;
    }

    private static Col Column(HranaColumn column) =>
        column.DeclaredType is { } type ? new() { Name = column.Name, Decltype = type } : new() { Name = column.Name };

    private static Row Row(SqlValue[] values)
    {
        var row = new Row();
        row.Values.AddRange(values.Select(Value));
        return row;
    }

    private static Value Value(SqlValue value) => value.Type switch
    {
        SqlType.Integer => new() { Integer = value.AsInteger() },
        SqlType.Real => new() { Float = value.AsReal() },
        SqlType.Text => new() { Text = value.AsText() },
        // Nobody changes the bytes of an answer.
        SqlType.Blob => new() { Blob = UnsafeByteOperations.UnsafeWrap(value.AsBlob()) },
        _ => new() { Null = new() },
    };

    private static InvalidOperationException Unwritten(object what) => new($"{what} has no form in protobuf.");
}
