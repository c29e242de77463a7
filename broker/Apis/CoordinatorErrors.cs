using Alloc.Broker.Protocol;

namespace Alloc.Broker.Apis;

/// <summary>Errors as the callers of the coordinators' APIs know them.</summary>
internal static class CoordinatorErrors
{
    /// <summary>
    /// Group and transaction requests do not know storage errors: they retry when the coordinator is away.
    /// </summary>
    public static ErrorCode ForGroup(ErrorCode error) =>
        error == ErrorCode.KafkaStorageError ? ErrorCode.CoordinatorNotAvailable : error;

    /// <summary>
    /// Clients below the version that learnt of PRODUCER_FENCED (KIP-588) get INVALID_PRODUCER_EPOCH.
    /// </summary>
    public static ErrorCode ForProducer(ErrorCode error, short version, short fencedSince) =>
        error == ErrorCode.ProducerFenced && version < fencedSince ? ErrorCode.InvalidProducerEpoch : ForGroup(error);
}
