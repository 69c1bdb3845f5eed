using Xunit.Abstractions;
using Xunit.Sdk;

namespace OrleansSqlite.Tests.Stores;

/// <summary>
/// A test of the conformance suite. A subclass that is marked <see cref="NeedsS3ServerAttribute"/> runs it only where a server is named;
/// a plain attribute cannot know, as the test is declared once, in the base class.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("OrleansSqlite.Tests.Stores.StoreFactDiscoverer", TestAssembly.Name)]
public sealed class StoreFactAttribute : FactAttribute;

/// <summary>A test that needs an S3 server.</summary>
public sealed class S3FactAttribute : FactAttribute
{
    public S3FactAttribute() => Skip = S3Server.WhyNot;
}

/// <summary>Marks a class whose conformance tests need an S3 server.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsS3ServerAttribute : Attribute;

/// <summary>Finds the tests marked with <see cref="StoreFactAttribute"/>.</summary>
public sealed class StoreFactDiscoverer(IMessageSink sink) : FactDiscoverer(sink)
{
    protected override IXunitTestCase CreateTestCase(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        bool needsServer = testMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsS3ServerAttribute)).Any();
        return needsServer && S3Server.WhyNot is not null
            ? new WithoutServer(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)
            : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
    }

    private sealed class WithoutServer : XunitTestCase
    {
        [Obsolete("For the deserializer.", error: true)]
        public WithoutServer()
        {
        }

        public WithoutServer(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
            : base(sink, display, options, method)
        {
        }

        protected override string GetSkipReason(IAttributeInfo factAttribute) => S3Server.WhyNot!;
    }
}
