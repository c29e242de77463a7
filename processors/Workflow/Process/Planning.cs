using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>Which pools can serve a line: those that the order names, then what would do instead.</summary>
internal static class Planning
{
    /// <summary>The candidates of a line, the best first.</summary>
    public static IReadOnlyList<LineCandidate> Of(OrderedLine line) =>
    [
        .. line.Pools.Select(p => new LineCandidate { PoolId = p }),
        .. line.Substitutes.Select(s => new LineCandidate { PoolId = s.PoolId, PerUnit = s.PerUnit }),
    ];

    /// <summary>The plan of an order.</summary>
    public static OrderEventBody.Planned Of(OrderContent order) => new()
    {
        Lines = [.. order.Lines.Select(l => new PlannedLine { LineId = l.LineId, Candidates = Of(l) })],
    };
}
