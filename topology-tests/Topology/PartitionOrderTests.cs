using System.Buffers;
using System.Globalization;
using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Engine.State;
using Alloc.Engine.Testing;
using Alloc.Processors.Allocation;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using FsCheck;
using FsCheck.Fluent;
using Topology.Tests.Model;

namespace Topology.Tests.Topology;

/// <summary>
/// The same log on machines that take its partitions in different orders, commit at different places and restart in the
/// middle: the journals are the same, byte for byte.
/// </summary>
public sealed class PartitionOrderTests
{
    private const int PartitionCount = 3;
    private const int ScriptLength = 40;

    [Theory]
    [InlineData("everything")]
    [InlineData("preempting")]
    [InlineData("best effort")]
    public void Partitions_taken_in_any_order_give_the_same_bytes(string name)
    {
        var policy = ModelPolicies.Named(name);
        Prop.ForAll(Histories.For(policy, ScriptLength), Arb.From(Gen.Choose(0, int.MaxValue - 1)), (script, seed) =>
        {
            var random = new Random(seed);
            Input[][] partitions =
            [
                .. Enumerable.Range(0, PartitionCount).Select(
                    p => Inputs(p, p == 0 ? script : Histories.Write(policy, random, ScriptLength))),
            ];
            using var oneByOne = new Machine(policy);
            foreach (var input in partitions.SelectMany(p => p))
            {
                oneByOne.Take(input);
            }
            using var mixed = new Machine(policy);
            mixed.Driver.CommitsEachRecord = false;
            var next = new int[PartitionCount];
            while (Enumerable.Range(0, PartitionCount).Where(p => next[p] < partitions[p].Length).ToArray() is
                { Length: > 0 } open)
            {
                var partition = open[random.Next(open.Length)];
                mixed.Take(partitions[partition][next[partition]++]);
                if (random.Next(10) == 0)
                {
                    mixed.Driver.Commit();
                }
                if (random.Next(25) == 0)
                {
                    mixed.Driver.Commit();
                    mixed.Driver.RestartFromJournal();
                }
            }
            mixed.Driver.Commit();

            for (var partition = 0; partition < PartitionCount; partition++)
            {
                Assert.Equal(oneByOne.Journal(partition), mixed.Journal(partition));
            }
        }).Check(Properties.Of(40));
    }

    private readonly record struct Input(int Partition, AllocationCommand Command, long TimestampMs);

    private static Input[] Inputs(int partition, string[] script)
    {
        var names = Names(partition);
        var inputs = new List<Input>();
        var t = Histories.BeginMs;
        foreach (var text in (string[])["configure service=60000", "supply 10 erp=1", .. script])
        {
            var line = new ScriptLine(text);
            if (line.Verb == "wait")
            {
                t += line.Number(1, 0);
            }
            else if (line.Verb == "again" && inputs.Count >= line.Number(1, 1))
            {
                inputs.Add(inputs[^(int)line.Number(1, 1)] with { TimestampMs = t });
            }
            else if (line.Body(t) is { } body && !IsForAll(body))
            {
                inputs.Add(new Input(partition, new AllocationCommand
                {
                    CommandId = line.CommandId ?? string.Create(CultureInfo.InvariantCulture, $"c{inputs.Count}"),
                    PoolId = names[line.Pool == "a" ? 0 : 1],
                    Actor = line.Actor,
                    CorrelationId = "test",
                    IssuedAtMs = t,
                    Body = body,
                }, t++));
            }
        }
        return [.. inputs];
    }

    // What every partition is sent goes through its own pool, not through these.
    private static bool IsForAll(AllocationCommandBody body) => body is AllocationCommandBody.Tick
        or AllocationCommandBody.PolicyActivate or AllocationCommandBody.ModeSwitch
        or AllocationCommandBody.AuthorityTransfer;

    private static string[] Names(int partition) =>
    [
        .. Enumerable.Range(0, 1_000).Select(n => string.Create(CultureInfo.InvariantCulture, $"pool{n}"))
            .Where(n => Murmur2.Partition(Encoding.UTF8.GetBytes(n), PartitionCount) == partition).Take(2),
    ];

    private sealed class Machine : IDisposable
    {
        private readonly AllocationOptions options;
        private readonly AllocationSerdes serdes;

        public Machine(NaivePolicy policy)
        {
            options = new AllocationOptions
            {
                PartitionCount = PartitionCount,
                Persistence = StorePersistence.InMemory,
                Policy = policy.Write(),
            };
            serdes = new AllocationSerdes(new InMemorySchemaRegistryClient(), options);
            Driver = new TopologyTestDriver(
                AllocationTopology.Build(options, serdes), Histories.BeginMs, PartitionCount);
        }

        public TopologyTestDriver Driver { get; }

        public void Take(in Input input)
        {
            var bytes = new ArrayBufferWriter<byte>();
            serdes.Commands.Serialize(input.Command, bytes);
            Driver.PipeInput(
                options.CommandTopic, Encoding.UTF8.GetBytes(input.Command.PoolId), bytes.WrittenSpan.ToArray(),
                input.TimestampMs, input.Partition);
        }

        public IEnumerable<string> Journal(int partition) => Driver.Log(options.OutcomeTopic, partition)
            .Select(r => Convert.ToHexString(r.Key!) + " " + Convert.ToHexString(r.Value!));

        public void Dispose() => Driver.Dispose();
    }
}
