namespace OrleansSqlite.Server; internal static class Placeholder;
