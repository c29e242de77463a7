using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Processors.Reconciliation;
using Alloc.Processors.Reconciliation.Mismatches;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Web.Reads;

/// <summary>What the keeper of mismatches knows, where it is here. Thread-safe.</summary>
/// <param name="application">The application.</param>
/// <param name="options">Its topics.</param>
/// <param name="time">What tells the time.</param>
public sealed class MismatchDirectory(
    StreamsApplication application, ReconciliationOptions options, TimeProvider time)
{
    /// <summary>The partition of the keeper.</summary>
    public const int Keeper = 0;

    /// <summary>Knows which instance has the keeper.</summary>
    public IPartitionOwners Owners { get; } =
        new GroupOwners(() => application.FindOwners(options.DifferenceTopic), time);

    /// <summary>The keeper's stores; null where it is not here and ready.</summary>
    public IStores? Stores() => application.QueryStores(MismatchStores.Kept, Keeper);

    /// <summary>The same as they were when Kafka was heard last.</summary>
    public LastKnownStores? StoresLast() => application.QueryLast(MismatchStores.Kept, Keeper);

    /// <summary>Questions to them.</summary>
    public static MismatchReads ReadsOf(IStores stores) => new(
        stores.GetStore<IKeyValueStore<string, KeptMismatch>>(MismatchStores.Kept),
        stores.GetStore<IKeyValueStore<OpenKey, OpenMismatch>>(MismatchStores.Open),
        stores.GetStore<IKeyValueStore<TallyKey, MismatchTally>>(MismatchStores.Tallies));
}
