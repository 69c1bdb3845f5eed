using Microsoft.EntityFrameworkCore;

namespace OrleansSqlite.EntityFrameworkCore.Worker.Model;

/// <summary>A shop: twelve entities with relations of every kind, owned types, a JSON column, a hierarchy and concurrency tokens.</summary>
internal sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    public DbSet<Category> Categories => Set<Category>();

    public DbSet<Product> Products => Set<Product>();

    public DbSet<Supplier> Suppliers => Set<Supplier>();

    public DbSet<Tag> Tags => Set<Tag>();

    public DbSet<Customer> Customers => Set<Customer>();

    public DbSet<Order> Orders => Set<Order>();

    public DbSet<OrderLine> Lines => Set<OrderLine>();

    public DbSet<Invoice> Invoices => Set<Invoice>();

    public DbSet<Payment> Payments => Set<Payment>();

    public DbSet<Review> Reviews => Set<Review>();

    public DbSet<Counter> Counters => Set<Counter>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<Category>().HasOne(category => category.Parent).WithMany(category => category.Children).HasForeignKey(category => category.ParentId);
        model.Entity<Product>().HasIndex(product => product.Name).IsUnique();
        model.Entity<Product>().HasMany(product => product.Tags).WithMany(tag => tag.Products);
        model.Entity<Supplier>().OwnsOne(supplier => supplier.Address);
        model.Entity<Customer>(customer =>
        {
            customer.OwnsOne(one => one.Home);
            customer.OwnsOne(one => one.Work);
            customer.OwnsOne(one => one.Preferences, preferences =>
            {
                preferences.ToJson();
                preferences.OwnsMany(all => all.Channels);
            });
        });
        model.Entity<Order>().HasMany(order => order.Lines).WithOne().HasForeignKey(line => line.OrderId);
        model.Entity<Order>().HasOne(order => order.Invoice).WithOne().HasForeignKey<Invoice>(invoice => invoice.OrderId);
        model.Entity<Order>().HasMany(order => order.Payments).WithOne().HasForeignKey(payment => payment.OrderId);
        model.Entity<Order>().Property(order => order.State).HasConversion<string>();
        model.Entity<OrderLine>().HasKey(line => new { line.OrderId, line.Number });
        model.Entity<Payment>().HasDiscriminator<string>("Kind").HasValue<CardPayment>("card").HasValue<CashPayment>("cash");
        model.Entity<Review>().HasOne<Product>().WithMany(product => product.Reviews).HasForeignKey(review => review.ProductId);
    }
}
