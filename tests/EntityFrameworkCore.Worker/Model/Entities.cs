using System.ComponentModel.DataAnnotations;

namespace OrleansSqlite.EntityFrameworkCore.Worker.Model;

internal sealed class Category
{
    public int Id { get; set; }
    public required string Name { get; set; }
    public int? ParentId { get; set; }
    public Category? Parent { get; set; }
    public List<Category> Children { get; } = [];
    public List<Product> Products { get; } = [];
}

internal sealed class Product
{
    public int Id { get; set; }
    public required string Name { get; set; }
    public decimal Price { get; set; }
    public int Stock { get; set; }

    [ConcurrencyCheck]
    public int Revision { get; set; }

    public int CategoryId { get; set; }
    public Category Category { get; set; } = null!;
    public int? SupplierId { get; set; }
    public Supplier? Supplier { get; set; }
    public List<Tag> Tags { get; } = [];
    public List<Review> Reviews { get; } = [];
    public List<string> Aliases { get; set; } = [];
}

internal sealed class Supplier
{
    public int Id { get; set; }
    public required string Name { get; set; }
    public required Address Address { get; set; }
    public List<Product> Products { get; } = [];
}

internal sealed class Tag
{
    public required string Id { get; set; }
    public List<Product> Products { get; } = [];
}

internal sealed class Customer
{
    public Guid Id { get; set; }
    public required string Name { get; set; }
    public DateTimeOffset Since { get; set; }
    public required Address Home { get; set; }
    public Address? Work { get; set; }
    public Preferences Preferences { get; set; } = new();
    public List<Order> Orders { get; } = [];
}

internal sealed class Address
{
    public required string Street { get; set; }
    public required string City { get; set; }
}

/// <summary>A JSON column.</summary>
internal sealed class Preferences
{
    public string Language { get; set; } = "en";
    public bool Newsletter { get; set; }
    public List<Channel> Channels { get; set; } = [];
}

internal sealed class Channel
{
    public required string Kind { get; set; }
    public int Order { get; set; }
}

internal sealed class Order
{
    public int Id { get; set; }
    public DateTime At { get; set; }
    public OrderState State { get; set; }
    public Guid CustomerId { get; set; }
    public Customer Customer { get; set; } = null!;
    public List<OrderLine> Lines { get; } = [];
    public Invoice? Invoice { get; set; }
    public List<Payment> Payments { get; } = [];
}

internal enum OrderState
{
    Open,
    Paid,
    Sent,
}

internal sealed class OrderLine
{
    public int OrderId { get; set; }
    public int Number { get; set; }
    public int ProductId { get; set; }
    public Product Product { get; set; } = null!;
    public int Count { get; set; }
    public decimal Price { get; set; }
}

internal sealed class Invoice
{
    public int Id { get; set; }
    public required string Number { get; set; }
    public int OrderId { get; set; }
}

internal abstract class Payment
{
    public int Id { get; set; }
    public decimal Amount { get; set; }
    public int OrderId { get; set; }
}

internal sealed class CardPayment : Payment
{
    public required string LastDigits { get; set; }
}

internal sealed class CashPayment : Payment
{
    public decimal Given { get; set; }
}

internal sealed class Review
{
    public int Id { get; set; }
    public int ProductId { get; set; }
    public int Stars { get; set; }
    public string? Text { get; set; }
}

/// <summary>What several processes count up at the same time.</summary>
internal sealed class Counter
{
    public required string Id { get; set; }

    [ConcurrencyCheck]
    public long Value { get; set; }
}
