namespace OrleansSqlite.Silo;

/// <summary>A setting is wrong.</summary>
internal sealed class SettingException(string message) : Exception(message);
