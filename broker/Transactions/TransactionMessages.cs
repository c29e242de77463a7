using Alloc.Broker.Protocol;

namespace Alloc.Broker.Transactions;

/// <param name="TransactionalId">Null for a producer that is idempotent only.</param>
/// <param name="ExpectedProducerId">−1, or the id of a producer that goes on after an error (KIP-360).</param>
/// <param name="ExpectedEpoch">−1, or its epoch.</param>
internal sealed record InitProducerIdRequest(
    string? TransactionalId, int TimeoutMs, long ExpectedProducerId, short ExpectedEpoch)
{
    /// <summary>True if the producer has an epoch and wants the next one.</summary>
    public bool IsRecovery => ExpectedProducerId >= 0 && ExpectedEpoch >= 0;
}

internal readonly record struct InitProducerIdResponse(ErrorCode Error, long ProducerId, short Epoch)
{
    public static InitProducerIdResponse Failed(ErrorCode error) => new(error, -1, -1);
}

/// <summary>Who a transactional producer says it is.</summary>
internal readonly record struct TransactionalProducer(string TransactionalId, long ProducerId, short Epoch);
