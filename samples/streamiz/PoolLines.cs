using Alloc.Client.Streamiz;
using Alloc.Schemas.Allocation;
using Streamiz.Kafka.Net;
using Streamiz.Kafka.Net.Processors.Public;
using Streamiz.Kafka.Net.SerDes;
using Streamiz.Kafka.Net.State;
using Streamiz.Kafka.Net.Stream;

namespace Alloc.Samples.Streamiz;

/// <summary>From outcomes, read typed, the newest line of text about each pool.</summary>
public static class PoolLines
{
    /// <summary>The journal.</summary>
    public const string Outcomes = "allocation.outcomes";

    /// <summary>What comes out, keyed by pool.</summary>
    public const string Lines = "sample.pool-lines";

    /// <summary>The topology; its serdes find the registry in the stream's configuration.</summary>
    /// <param name="show">Sees each line.</param>
    public static Topology Topology(Action<string> show) =>
        Topology(show, new ContractSerDes<AllocationOutcome>());

    /// <summary>The same with a serde that has its registry.</summary>
    public static Topology Topology(Action<string> show, ContractSerDes<AllocationOutcome> outcomes)
    {
        var builder = new StreamBuilder();
        builder.AddStateStore(Stores.KeyValueStoreBuilder(
            Stores.PersistentKeyValueStore(SequenceGuard.Store), new StringSerDes(), new Int64SerDes()));
        builder.Stream(Outcomes, new StringSerDes(), outcomes)
            .Transform(
                TransformerBuilder.New<string, AllocationOutcome?, string, AllocationOutcome?>()
                    .Transformer<SequenceGuard>().Build(),
                "sequence-guard", SequenceGuard.Store)
            // The partition's own outcomes are about no pool.
            .Filter((pool, outcome, _) => outcome is not null && !pool.StartsWith('$'))
            .MapValues((outcome, _) => Line(outcome!))
            .Peek((_, line, _) => show(line))
            .To(Lines, new StringSerDes(), new StringSerDes());
        return builder.Build();
    }

    private static string Line(AllocationOutcome outcome)
    {
        var what = outcome.Event switch
        {
            AllocationOutcomeEvent.Rejected no => $"refused, {no.Reasons[0].Code}",
            var other => other.GetType().Name,
        };
        return $"{outcome.PoolId}#{outcome.Sequence} {what}, {outcome.BalancesAfter.Free} free";
    }
}
