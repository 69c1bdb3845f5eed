// EF1001: what EF Core's tools use to write a model down as code is not public.
#pragma warning disable EF1001
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Scaffolding;
using Microsoft.EntityFrameworkCore.Sqlite.Design.Internal;
using Microsoft.Extensions.DependencyInjection;
using OrleansSqlite.EntityFrameworkCore.Worker.Model;

namespace OrleansSqlite.Tests.EntityFrameworkCore;

/// <summary>A model that the tools of EF Core have written down as code (<c>dotnet ef dbcontext optimize</c>) is used in the place of one that is made at start.</summary>
public sealed class CompiledModelTests
{
    [Fact]
    public async Task A_compiled_model_saves_and_finds()
    {
        await using var shop = await Shop.OpenAsync();
        IModel compiled;
        await using (var context = shop.Context())
        {
            compiled = Compile(WriteDown(context));
        }

        await using (var context = shop.Context(options => options.UseModel(compiled)))
        {
            Assert.Same(compiled, context.Model);
            context.Add(new Customer { Name = "Ada", Home = new Address { Street = "1", City = "Bern" }, Preferences = { Channels = [new Channel { Kind = "mail" }] } });
            context.Add(new Product { Name = "tea", Category = new Category { Name = "drinks" }, Aliases = ["chai"] });
            await context.SaveChangesAsync();
        }

        await using (var context = shop.Context(options => options.UseModel(compiled)))
        {
            Assert.Equal("Ada", (await context.Customers.SingleAsync(customer => customer.Preferences.Channels.Any(channel => channel.Kind == "mail"))).Name);
            Assert.Equal("drinks", await context.Products.Where(product => product.Aliases.Contains("chai")).Select(product => product.Category.Name).SingleAsync());
        }
    }

    private static IReadOnlyCollection<ScaffoldedFile> WriteDown(ShopContext context)
    {
        var services = new ServiceCollection().AddEntityFrameworkDesignTimeServices().AddDbContextDesignTimeServices(context);
        new SqliteDesignTimeServices().ConfigureDesignTimeServices(services);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<ICompiledModelCodeGeneratorSelector>()
            .Select(new CompiledModelCodeGenerationOptions { Language = "C#" })
            .GenerateModel(
                context.GetService<IDesignTimeModel>().Model,
                new CompiledModelCodeGenerationOptions { ContextType = typeof(ShopContext), ModelNamespace = "Compiled", Language = "C#", UseNullableReferenceTypes = true });
    }

    private static IModel Compile(IReadOnlyCollection<ScaffoldedFile> files)
    {
        Assert.NotEmpty(files);

        // It sees the model's types, which are internal, as if it were this assembly.
        string name = typeof(CompiledModelTests).Assembly.GetName().Name!;
        var compilation = CSharpCompilation.Create(
            name,
            files.Select(file => CSharpSyntaxTree.ParseText(file.Code)),
            AppDomain.CurrentDomain.GetAssemblies().Where(assembly => assembly is { IsDynamic: false, Location.Length: > 0 } && assembly.GetName().Name != name)
                .Select(assembly => MetadataReference.CreateFromFile(assembly.Location)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Take(5)));
        var model = new System.Runtime.Loader.AssemblyLoadContext("compiled model").LoadFromStream(new MemoryStream(stream.ToArray())).GetType("Compiled.ShopContextModel")!;
        return (IModel)model.GetProperty("Instance", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
    }
}
