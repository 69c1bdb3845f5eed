using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace OrleansSqlite.Tests;

/// <summary>An assembly beside the tests, read as a file: what it refers to, and which method calls which.</summary>
internal sealed class BuiltAssembly : IDisposable
{
    private static readonly Dictionary<ushort, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (ushort)code.Value);

    private readonly PEReader file;
    private readonly MetadataReader metadata;

    private BuiltAssembly(PEReader file)
    {
        this.file = file;
        metadata = file.GetMetadataReader();
    }

    /// <summary>The names of the assemblies that it refers to.</summary>
    public IReadOnlyList<string> References =>
        [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)).Order(StringComparer.Ordinal)];

    /// <summary>The full names of the types that it defines, but for those that the compiler makes.</summary>
    public IReadOnlyList<string> Types =>
        [.. metadata.TypeDefinitions.Select(NameOf).Where(name => !name.Contains('<', StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The assembly of a project of the product.</summary>
    public static BuiltAssembly Of(string project)
    {
        string name = Project.All.Single(candidate => candidate.IsProduct && candidate.Name == project).Assembly;
        return new(new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{name}.dll"))));
    }

    /// <summary>The types whose code calls such a method, once for each call. A type stands for all that are nested in it.</summary>
    /// <param name="isMeant">Tells by a method's full name: namespace, type, method.</param>
    public IReadOnlyList<string> CallersOf(Func<string, bool> isMeant)
    {
        List<string> callers = [];
        foreach (var handle in metadata.MethodDefinitions)
        {
            var caller = metadata.GetMethodDefinition(handle);
            if (caller.RelativeVirtualAddress != 0)
            {
                int calls = CalledBy(file.GetMethodBody(caller.RelativeVirtualAddress).GetILReader()).Count(isMeant);
                callers.AddRange(Enumerable.Repeat(NameOf(Outermost(caller.GetDeclaringType())), calls));
            }
        }

        return callers;
    }

    public void Dispose() => file.Dispose();

    /// <summary>The full names of the methods that code calls, or takes the address of.</summary>
    private List<string> CalledBy(BlobReader code)
    {
        List<string> called = [];
        while (code.RemainingBytes > 0)
        {
            ushort value = code.ReadByte();
            var operation = OpCodesByValue[value == 0xFE ? (ushort)(0xFE00 | code.ReadByte()) : value];
            switch (operation.OperandType)
            {
                case OperandType.InlineMethod:
                    called.Add(NameOfMethod(MetadataTokens.EntityHandle(code.ReadInt32())));
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.InlineSwitch:
                    int targets = code.ReadInt32();
                    code.Offset += 4 * targets;
                    break;
                default:
                    code.Offset += OperandBytes(operation.OperandType);
                    break;
            }
        }

        return called;
    }

    private static int OperandBytes(OperandType type) => type switch
    {
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private string NameOfMethod(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MethodDefinition:
                var defined = metadata.GetMethodDefinition((MethodDefinitionHandle)handle);
                return $"{NameOf(defined.GetDeclaringType())}.{metadata.GetString(defined.Name)}";
            case HandleKind.MemberReference:
                var referred = metadata.GetMemberReference((MemberReferenceHandle)handle);
                return $"{NameOfParent(referred.Parent)}.{metadata.GetString(referred.Name)}";
            case HandleKind.MethodSpecification:
                return NameOfMethod(metadata.GetMethodSpecification((MethodSpecificationHandle)handle).Method);
            default:
                return "";
        }
    }

    private string NameOfParent(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition:
                return NameOf((TypeDefinitionHandle)handle);
            case HandleKind.TypeReference:
                var type = metadata.GetTypeReference((TypeReferenceHandle)handle);
                return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
            default:
                return "";
        }
    }

    private TypeDefinitionHandle Outermost(TypeDefinitionHandle type)
    {
        var above = metadata.GetTypeDefinition(type).GetDeclaringType();
        return above.IsNil ? type : Outermost(above);
    }

    private string NameOf(TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        string name = metadata.GetString(type.Name);
        return type.GetDeclaringType() is { IsNil: false } above ? $"{NameOf(above)}.{name}"
            : type.Namespace.IsNil ? name
            : $"{metadata.GetString(type.Namespace)}.{name}";
    }
}
