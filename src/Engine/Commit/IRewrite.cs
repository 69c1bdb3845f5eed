using System.Collections.Immutable;
using OrleansSqlite.Pages;

namespace OrleansSqlite.Commit;

/// <summary>New segments that a head has taken in the place of frames or of other segments: the same pages in other places.</summary>
internal interface IRewrite
{
    /// <summary>The same snapshot, its pages standing in the new places.</summary>
    /// <param name="context">The database.</param>
    /// <param name="snapshot">A state on top of the head that took it in, or that state itself.</param>
    /// <param name="segments">The segments of that head.</param>
    Snapshot Relocate(DatabaseContext context, Snapshot snapshot, ImmutableArray<Segment> segments);

    /// <summary>It is taken in, or overtaken: lets go of what it holds, once.</summary>
    void Release();
}
