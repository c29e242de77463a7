namespace Alloc.Tests.Support;

/// <summary>Metrics that rules and dashboards name and no instance shows yet; empty when all parts are there.</summary>
internal static class MetricsToCome
{
    public static IReadOnlyList<string> Names { get; } = [];
}
