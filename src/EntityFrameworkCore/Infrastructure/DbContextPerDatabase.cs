using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace OrleansSqlite.EntityFrameworkCore.Infrastructure;

/// <summary>
/// Makes contexts. The options of a database are kept; all databases share one engine, one model and one set of the provider's
/// services, so a context costs the same however many databases there are.
/// </summary>
/// <param name="services">Where a context's other needs come from.</param>
/// <param name="configure">Puts options on a database.</param>
internal sealed class DbContextPerDatabase<TContext>(IServiceProvider services, Action<DbContextOptionsBuilder, string> configure)
    : IOrleansSqliteDbContextFactory<TContext>
    where TContext : DbContext
{
    // Options are about a kilobyte, and quick to make: what is kept of them is bounded, whoever comes.
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<string, DbContextOptions<TContext>> kept = new(StringComparer.Ordinal);
    private readonly ObjectFactory<TContext> make = ActivatorUtilities.CreateFactory<TContext>([typeof(DbContextOptions<TContext>)]);

    /// <inheritdoc/>
    public TContext CreateDbContext(string database)
    {
        ArgumentException.ThrowIfNullOrEmpty(database);
        if (!kept.TryGetValue(database, out var options))
        {
            if (kept.Count >= MaxKept)
            {
                kept.Clear();
            }

            options = kept.GetOrAdd(database, Configure);
        }

        return make(services, [options]);
    }

    private DbContextOptions<TContext> Configure(string database)
    {
        var builder = new DbContextOptionsBuilder<TContext>();
        builder.UseApplicationServiceProvider(services);
        configure(builder, database);
        return builder.Options;
    }
}
