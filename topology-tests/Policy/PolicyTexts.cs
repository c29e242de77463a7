using System.Runtime.CompilerServices;
using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Policy;

/// <summary>Documents that tests begin with.</summary>
internal static class PolicyTexts
{
    /// <summary>The least that a policy has: nine lines, so that what a test adds begins at line 10.</summary>
    public const string Smallest = """
        # Two classes and nothing else
        version: 1
        classes: [gold, web]
        class:
          - {id: class/all, pools: "*", class: web}
        ttl:
          - {id: ttl/all, pools: "*", minimum: 1s, default: 15m, maximum: 1d, extensions: 10}
        conduct:
          - {id: conduct/all, pools: "*"}

        """;

    /// <summary>The errors of the smallest document with more lines at its end.</summary>
    public static IEnumerable<string> ErrorsWith(string more) => ErrorsOf(Smallest + more);

    public static IEnumerable<string> ErrorsOf(string text, AllocationPolicy? previous = null)
    {
        var reading = PolicyDocument.ParseAny(text, previous);
        Assert.Equal(reading.Errors.Count > 0, reading.Policy is null);
        return reading.Errors.Select(error => error.ToString());
    }

    /// <summary>The example of the documentation.</summary>
    public static string Example() => Document("examples/spare-parts.policy.yaml");

    /// <summary>A file of the documentation.</summary>
    public static string Document(string name, [CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../docs", name));
}
