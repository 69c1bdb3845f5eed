using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;

namespace OrleansSqlite.EntityFrameworkCore.Worker.Model;

/// <summary>Makes all tables of the shop: the operations that the tools of EF Core would write down here.</summary>
[DbContext(typeof(ShopContext))]
[Migration("20260101000000_Shop")]
internal sealed class ShopMigration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Operations.AddRange(Difference(from: null, to: Model()));

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Operations.AddRange(Difference(from: Model(), to: null));

    private static IRelationalModel Model()
    {
        using var context = Plain();
        return context.GetService<IDesignTimeModel>().Model.GetRelationalModel();
    }

    private static IReadOnlyList<Microsoft.EntityFrameworkCore.Migrations.Operations.MigrationOperation> Difference(IRelationalModel? from, IRelationalModel? to)
    {
        using var context = Plain();
        return context.GetService<IMigrationsModelDiffer>().GetDifferences(from, to);
    }

    private static ShopContext Plain() => new(new DbContextOptionsBuilder<ShopContext>().UseSqlite().Options);
}
