using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>A context with migrations: a parent, its children, and one that the parents refer to.</summary>
internal sealed class Sized(DbContextOptions<Sized> options) : DbContext(options)
{
    public const string First = "20260101000000_First";
    public const string Second = "20260102000000_Second";
    public const string Third = "20260103000000_Third";

    public DbSet<SizedParent> Parents => Set<SizedParent>();

    public DbSet<SizedChild> Children => Set<SizedChild>();
}

internal sealed class SizedSort
{
    public int Id { get; set; }
}

internal sealed class SizedParent
{
    public int Id { get; set; }
    public required string Name { get; set; }
    public int SortId { get; set; }
    public SizedSort? Sort { get; set; }
}

internal sealed class SizedChild
{
    public int Id { get; set; }
    public int ParentId { get; set; }
    public SizedParent? Parent { get; set; }
}

[DbContext(typeof(Sized))]
[Migration(Sized.First)]
internal sealed class FirstMigration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable("Sorts", table => new { Id = table.Column<int>("INTEGER") }, constraints: table => table.PrimaryKey("PK_Sorts", sort => sort.Id));
        migrationBuilder.CreateTable(
            "Parents",
            table => new { Id = table.Column<int>("INTEGER"), Name = table.Column<string>("TEXT", nullable: true), SortId = table.Column<int>("INTEGER") },
            constraints: table =>
            {
                table.PrimaryKey("PK_Parents", parent => parent.Id);
                table.ForeignKey("FK_Parents_Sorts", parent => parent.SortId, "Sorts", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.CreateTable(
            "Children",
            table => new { Id = table.Column<int>("INTEGER"), ParentId = table.Column<int>("INTEGER") },
            constraints: table =>
            {
                table.PrimaryKey("PK_Children", child => child.Id);
                table.ForeignKey("FK_Children_Parents", child => child.ParentId, "Parents", "Id", onDelete: ReferentialAction.Cascade);
            });
        migrationBuilder.InsertData("Sorts", "Id", "INTEGER", 1);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropTable("Children");
        migrationBuilder.DropTable("Parents");
        migrationBuilder.DropTable("Sorts");
    }

    protected override void BuildTargetModel(ModelBuilder modelBuilder) => SizedModel.Build(modelBuilder);
}

/// <summary>Alters a column, for which SQLite's table has to be made anew: the table that others refer to, and that refers to others.</summary>
[DbContext(typeof(Sized))]
[Migration(Sized.Second)]
internal sealed class SecondMigration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) =>
        migrationBuilder.AlterColumn<string>("Name", "Parents", "TEXT", nullable: false, defaultValue: "", oldClrType: typeof(string), oldType: "TEXT", oldNullable: true);

    protected override void Down(MigrationBuilder migrationBuilder) =>
        migrationBuilder.AlterColumn<string>("Name", "Parents", "TEXT", nullable: true, oldClrType: typeof(string), oldType: "TEXT");

    protected override void BuildTargetModel(ModelBuilder modelBuilder) => SizedModel.Build(modelBuilder);
}

[DbContext(typeof(Sized))]
[Migration(Sized.Third)]
internal sealed class ThirdMigration : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.AddColumn<int>("Size", "Parents", "INTEGER", nullable: false, defaultValue: 1);

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropColumn("Size", "Parents");

    protected override void BuildTargetModel(ModelBuilder modelBuilder) => SizedModel.Build(modelBuilder);
}

internal static class SizedModel
{
    /// <summary>What a rebuilt table is made from: the model as the migration leaves it.</summary>
    public static void Build(ModelBuilder model)
    {
        model.Entity("Sort", sort =>
        {
            sort.Property<int>("Id").HasColumnType("INTEGER");
            sort.HasKey("Id");
            sort.ToTable("Sorts");
        });
        model.Entity("Parent", parent =>
        {
            parent.Property<int>("Id").HasColumnType("INTEGER");
            parent.Property<string>("Name").IsRequired().HasColumnType("TEXT");
            parent.Property<int>("SortId").HasColumnType("INTEGER");
            parent.HasKey("Id");
            parent.HasOne("Sort").WithMany().HasForeignKey("SortId").OnDelete(DeleteBehavior.Cascade);
            parent.ToTable("Parents");
        });
        model.Entity("Child", child =>
        {
            child.Property<int>("Id").HasColumnType("INTEGER");
            child.Property<int>("ParentId").HasColumnType("INTEGER");
            child.HasKey("Id");
            child.HasOne("Parent").WithMany().HasForeignKey("ParentId").OnDelete(DeleteBehavior.Cascade);
            child.ToTable("Children");
        });
    }
}
