using System.Text;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Policy;
using Alloc.Processors.Shadow;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;

namespace Topology.Tests.Topology;

/// <summary>Authority and shadow on the same commands, at the same times.</summary>
internal sealed class ShadowDriver : IDisposable
{
    public const string Topic = "allocation.shadow.outcomes";

    private readonly AllocationSerdes serdes;

    public ShadowDriver(AllocationPolicy? policy = null)
    {
        var registry = new InMemorySchemaRegistryClient();
        Authority = new AllocationDriver(registry: registry, policy: policy);
        var options = Authority.Options.ForShadow(Topic);
        serdes = new AllocationSerdes(registry, options);
        Topology = ShadowTopology.Build(options, serdes);
        Driver = new TopologyTestDriver(Topology, AllocationDriver.StartMs);
    }

    public AllocationDriver Authority { get; }

    public Alloc.Engine.Topology.Topology Topology { get; }

    /// <summary>The shadow's own driver.</summary>
    public TopologyTestDriver Driver { get; }

    /// <summary>Sends a command to both; what each wrote.</summary>
    /// <param name="key">The pool.</param>
    /// <param name="body">The command.</param>
    /// <param name="issuedAtMs">When it was made; null: now.</param>
    public (IReadOnlyList<AllocationOutcome> Authority, IReadOnlyList<AllocationOutcome> Shadow) Send(
        string key, AllocationCommandBody body, long? issuedAtMs = null)
    {
        var command = Authority.Command(key, body);
        var bytes = Authority.Bytes(command with { IssuedAtMs = issuedAtMs ?? command.IssuedAtMs });
        Pipe(Encoding.UTF8.GetBytes(key), bytes);
        return (Authority.Outcomes(), Outcomes());
    }

    public void Pipe(byte[]? key, byte[]? value)
    {
        Authority.Pipe(key, value);
        Driver.PipeInput(Authority.Options.CommandTopic, key, value, Authority.Driver.NowMs);
    }

    public IReadOnlyList<AllocationOutcome> Outcomes() =>
        [.. Driver.ReadOutputs(Topic).Select(r => serdes.Outcomes.Deserialize(r.Value))];

    public void Transfer(string slice, AuthorityMode mode, long epoch) =>
        Send("$authority", new AllocationCommandBody.AuthorityTransfer
        {
            Slice = slice,
            Mode = mode,
            Owner = mode == AuthorityMode.Authoritative ? "alloc" : "legacy",
            NewEpoch = epoch,
        });

    public void Stock(string pool, long quantity)
    {
        Send(pool, new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = "erp" },
        });
        Send(pool, new AllocationCommandBody.SupplyDelta
        {
            Source = "erp",
            SourceSequence = 1,
            Quantity = quantity,
        });
    }

    public void AdvanceWallClock(TimeSpan time)
    {
        Authority.Driver.AdvanceWallClock(time);
        Driver.AdvanceWallClock(time);
    }

    public void Dispose()
    {
        Driver.Dispose();
        Authority.Dispose();
    }
}
