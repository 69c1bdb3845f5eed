namespace OrleansSqlite.Server;

/// <summary>For whom logs are written.</summary>
internal enum LogFormat
{
    /// <summary>For people: a line for each event.</summary>
    Text,

    /// <summary>For programs: a JSON object in a line for each event, with the scopes and thereby the ids of the trace.</summary>
    Json,
}
