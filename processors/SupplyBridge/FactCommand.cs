using Alloc.Schemas.Allocation;

namespace Alloc.Processors.SupplyBridge;

/// <summary>What is around every command of a fact.</summary>
internal static class FactCommand
{
    /// <summary>The command.</summary>
    /// <param name="id">Its id, see <see cref="FactIds"/>.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="source">Who says it.</param>
    /// <param name="atMs">When the log took the fact, milliseconds since 1970 UTC.</param>
    /// <param name="body">What it asks for.</param>
    public static AllocationCommand Of(
        string id, string poolId, string source, long atMs, AllocationCommandBody body) => new()
        {
            CommandId = id,
            PoolId = poolId,
            Actor = new Actor { Type = ActorType.Service, Id = source },
            CorrelationId = id,
            IssuedAtMs = atMs,
            Body = body,
        };
}
