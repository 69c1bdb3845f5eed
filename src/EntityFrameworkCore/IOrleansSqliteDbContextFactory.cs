using Microsoft.EntityFrameworkCore;

namespace OrleansSqlite.EntityFrameworkCore;

/// <summary>Makes contexts on the databases of one store, each of which is a tenant's, say.</summary>
/// <typeparam name="TContext">The context, with a constructor that takes its <see cref="DbContextOptions{TContext}"/>.</typeparam>
public interface IOrleansSqliteDbContextFactory<TContext>
    where TContext : DbContext
{
    /// <summary>A context on a database. The caller disposes of it.</summary>
    /// <param name="database">The database's name. Take it from what you know of the caller, never from what they sent.</param>
    TContext CreateDbContext(string database);
}
