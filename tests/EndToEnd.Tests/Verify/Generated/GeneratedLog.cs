using System.Text;
using Alloc.Engine.Partitioning;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.SchemaRegistry;

namespace EndToEnd.Tests.Verify.Generated;

/// <summary>A record as a producer would write it.</summary>
/// <param name="Partition">Where to.</param>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct GeneratedRecord(int Partition, byte[]? Key, byte[]? Value);

/// <summary>
/// A log that nobody would write on purpose and somebody will: commands of every kind, repeated at once, late and after
/// they are forgotten, under ids that others have, for pools that nobody made, with versions that are stale, under
/// wrong keys, in wrong partitions, and records that are no commands. One seed, one log.
/// </summary>
internal sealed class GeneratedLog
{
    private const int Remembered = 3_000;
    private const int BurstSize = 2_600;
    private static readonly string[] Unknown = ["nobody-1", "nobody-2", "nobody-3", "nobody-4", "nobody-5", "nobody-6"];
    private readonly Random random;
    private readonly ILedgerView view;
    private readonly long memoryMs;
    private readonly int partitionCount;
    private readonly AvroSerde<AllocationCommand> serde;
    private readonly GeneratedBodies bodies;
    private readonly string[] pools = [.. Enumerable.Range(0, 12).Select(n => $"p{n}")];
    private readonly List<AllocationCommand> sent = [];
    private int commandCount;
    private int policyVersion;
    private long epoch;

    /// <param name="seed">Makes it this log.</param>
    /// <param name="partitionCount">Partitions to write to.</param>
    /// <param name="memoryMs">How long its policies remember command ids, in milliseconds.</param>
    /// <param name="registry">Where its schema is.</param>
    /// <param name="view">What it may know of the ledgers.</param>
    public GeneratedLog(
        int seed, int partitionCount, long memoryMs, ISchemaRegistryClient registry, ILedgerView view)
    {
        random = new Random(seed);
        this.partitionCount = partitionCount;
        this.memoryMs = memoryMs;
        this.view = view;
        serde = new AvroSerde<AllocationCommand>(registry, "allocation.commands-value");
        bodies = new GeneratedBodies(random, view, memoryMs);
    }

    /// <summary>What is written first: a policy, and pools that have something.</summary>
    public IEnumerable<GeneratedRecord> Begin(long nowMs)
    {
        foreach (var record in Policy(nowMs))
        {
            yield return record;
        }
        foreach (var pool in pools)
        {
            yield return Send(pool, nowMs, new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings { Unit = "piece", Kind = PoolKind.Stock, SnapshotSource = "erp" },
            });
        }
    }

    /// <summary>The next records: one, or as many as belong together.</summary>
    public IEnumerable<GeneratedRecord> Next(long nowMs) => random.Next(2_000) switch
    {
        < 2 => Burst(nowMs),
        < 6 => Policy(nowMs),
        < 14 => Transfer(nowMs),
        < 22 => ForAll(ReservedKeys.Mode, $"mode/{++commandCount}", nowMs, new AllocationCommandBody.ModeSwitch
        {
            Mode = random.Next(20) == 0
                ? "nobody knows it" : random.Next(4) switch { 0 => "stop", 1 => "wait", 2 => "short", _ => "slow" },
            On = random.Next(3) > 0,
            CapMs = random.Next(4) == 0 ? memoryMs / 10 : null,
            Reason = "test",
        }),
        < 60 => [Rubbish(nowMs)],
        < 120 => Ticks(nowMs),
        < 500 when sent.Count > 0 => [Again(nowMs)],
        < 700 when sent.Count > 0 && random.Next(6) == 0 => [OddlyAddressed(nowMs)],
        _ => [Command(nowMs)],
    };

    /// <summary>
    /// How long until the next records, in milliseconds; now and then hours, and the clock may go back.
    /// </summary>
    public long Pause() => random.Next(10_000) switch
    {
        < 5 => 40 * memoryMs,
        < 40 => memoryMs + random.NextInt64(memoryMs),
        < 300 => random.NextInt64(memoryMs / 4),
        < 320 => -5_000,
        < 2_000 => random.Next(2_000),
        _ => random.Next(10),
    };

    // A record is due by the engine's timers where nothing else comes; here they come as they like.
    private IEnumerable<GeneratedRecord> Ticks(long nowMs) => Enumerable.Range(0, partitionCount).Select(partition =>
        Record(partition, ReservedKeys.Tick, Envelope($"tick/{partition}/{nowMs}", ReservedKeys.Tick, nowMs,
            new AllocationCommandBody.Tick { DueAtMs = nowMs })));

    private GeneratedRecord Command(long nowMs)
    {
        var pool = random.Next(25) switch
        {
            0 => Unknown[random.Next(Unknown.Length)],
            1 when random.Next(3) == 0 => bodies.OddId(),
            _ => pools[random.Next(pools.Length)],
        };
        return Send(pool, nowMs, bodies.Make(pool, nowMs));
    }

    private GeneratedRecord Send(string pool, long nowMs, AllocationCommandBody body)
    {
        var command = Envelope(CommandId(), pool, nowMs, body);
        Note(command);
        return Record(PartitionOf(pool), pool, command);
    }

    // The same again; late; under the same id with another body or from somebody else; after it was forgotten.
    private GeneratedRecord Again(long nowMs)
    {
        var back = random.Next(3) == 0 ? sent.Count : Math.Min(sent.Count, 20);
        var command = sent[^(1 + random.Next(back))];
        command = random.Next(12) switch
        {
            0 => command with { Body = bodies.Make(command.PoolId, nowMs), IssuedAtMs = nowMs },
            1 or 2 or 3 => command with { IssuedAtMs = nowMs },
            4 => command with { Actor = ActorOf(command.Body) },
            5 => command with { ExpectedVersion = random.Next(5) },
            6 => command with { PoolId = pools[random.Next(pools.Length)], IssuedAtMs = nowMs },
            _ => command,
        };
        return Record(PartitionOf(command.PoolId), command.PoolId, command);
    }

    private GeneratedRecord OddlyAddressed(long nowMs)
    {
        var pool = pools[random.Next(pools.Length)];
        var command = random.Next(2) == 0
            ? sent[^(1 + random.Next(Math.Min(sent.Count, 50)))]
            : Envelope(CommandId(), random.Next(3) == 0 ? Unknown[random.Next(Unknown.Length)] : pool, nowMs,
                bodies.Make(pool, nowMs));
        Note(command);
        var partition = PartitionOf(command.PoolId);
        return random.Next(5) switch
        {
            0 => Record(random.Next(partitionCount), null, command),
            1 => Record(partition, null, command),
            2 => Record(partition, $"not-{command.PoolId}", command),
            3 => Record((partition + 1) % partitionCount, command.PoolId, command),
            _ => Record(random.Next(partitionCount), ReservedKeys.Tick, command with { PoolId = ReservedKeys.Tick }),
        };
    }

    private GeneratedRecord Rubbish(long nowMs)
    {
        var partition = random.Next(partitionCount);
        var key = Encoding.UTF8.GetBytes(pools[0]);
        var good = serde.Serialize(Envelope(CommandId(), pools[0], nowMs, bodies.Make(pools[0], nowMs)));
        return random.Next(6) switch
        {
            0 => new GeneratedRecord(partition, key, null),
            1 => new GeneratedRecord(partition, key, [1, 2, 3]),
            2 => new GeneratedRecord(partition, key, [0, 0, 0, 99, 99, 1, 2, 3]),
            3 => new GeneratedRecord(partition, [.. key, 0xff], good),
            4 => new GeneratedRecord(partition, key, [.. good, 7]),
            _ => new GeneratedRecord(partition, key, good[..(good.Length / 2)]),
        };
    }

    // More holds than one record may let expire, of one pool, all for the same short time.
    private IEnumerable<GeneratedRecord> Burst(long nowMs)
    {
        var pool = pools[^1];
        yield return Send(pool, nowMs, new AllocationCommandBody.SupplyDelta
        {
            Source = "bulk",
            SourceSequence = ++commandCount,
            Quantity = BurstSize,
        });
        for (var index = 0; index < BurstSize; index++)
        {
            var id = $"bulk/{++commandCount}";
            yield return Record(PartitionOf(pool), pool, Envelope(id, pool, nowMs, new AllocationCommandBody.Hold
            {
                ReservationId = id,
                Quantity = 1,
                TtlMs = memoryMs / 2,
            }));
        }
    }

    private IEnumerable<GeneratedRecord> Policy(long nowMs)
    {
        var version = random.Next(8) == 0 && policyVersion > 1 ? policyVersion - random.Next(2) : ++policyVersion;
        var policy = GeneratedPolicies.Make(version, memoryMs);
        var isBroken = random.Next(25) == 0;
        if (random.Next(6) == 0)
        {
            // Another content: a conflict where the version was taken.
            policy = policy with { Limits = policy.Limits with { MissingRanges = 9 } };
        }
        return ForAll(
            ReservedKeys.Policy, $"policy/{version}/{++commandCount}", nowMs,
            new AllocationCommandBody.PolicyActivate
            {
                Version = version,
                Document = isBroken ? "{" : PolicyDocument.Write(policy),
                ContentHash = PolicyDocument.HashOf(policy),
                EffectiveAtMs = nowMs + (random.Next(3) == 0 ? memoryMs / 10 : 0),
            });
    }

    // A slice goes away and comes back; what is far from Authoritative for long would decide nothing.
    private IEnumerable<GeneratedRecord> Transfer(long nowMs)
    {
        var slice = random.Next(6) switch { 0 => "p1*", 1 => "p10", 2 => "nobody*", 3 => "*", _ => "p3" };
        var mode = random.Next(12) switch
        {
            0 => AuthorityMode.Legacy,
            1 => AuthorityMode.Shadow,
            2 or 3 or 4 => AuthorityMode.Frozen,
            _ => AuthorityMode.Authoritative,
        };
        if (slice == "*" && random.Next(4) > 0)
        {
            mode = AuthorityMode.Authoritative;
        }
        return ForAll(
            ReservedKeys.Authority, $"authority/{++commandCount}", nowMs,
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = slice,
                Mode = mode,
                Owner = mode == AuthorityMode.Authoritative ? "alloc" : "legacy",
                NewEpoch = epoch += random.Next(2),
            });
    }

    // To every partition, and now and then to one of them again.
    private IEnumerable<GeneratedRecord> ForAll(string key, string id, long nowMs, AllocationCommandBody body)
    {
        var command = Envelope(id, key, nowMs, body) with
        {
            Actor = new Actor { Type = ActorType.Operator, Id = "ann" },
            DeadlineMs = null,
            ExpectedVersion = null,
            Epoch = null,
            IssuedAtMs = nowMs,
        };
        for (var partition = 0; partition < partitionCount; partition++)
        {
            yield return Record(partition, key, command);
            if (random.Next(4) == 0)
            {
                yield return Record(partition, key, command);
            }
        }
    }

    private string CommandId() => random.Next(100) switch
    {
        0 => bodies.OddId(),
        1 => $"k{random.Next(30)}",
        _ => $"c{++commandCount}",
    };

    private AllocationCommand Envelope(string id, string pool, long nowMs, AllocationCommandBody body) => new()
    {
        CommandId = id,
        PoolId = pool,
        Actor = ActorOf(body),
        CorrelationId = random.Next(200) == 0 ? new string('y', 300) : "test",
        IssuedAtMs = random.Next(60) switch
        {
            0 => nowMs - memoryMs - 1,
            1 => nowMs + 59_000,
            2 when random.Next(4) == 0 => nowMs + 3_600_000,
            _ => nowMs,
        },
        DeadlineMs = random.Next(25) == 0 ? nowMs + random.Next(-2_000, 5_000) : null,
        ExpectedVersion = ExpectedVersion(pool, body),
        Epoch = random.Next(40) == 0 ? Math.Max(0, epoch - random.Next(2)) : null,
        Body = body,
    };

    private long? ExpectedVersion(string pool, AllocationCommandBody body) => body switch
    {
        AllocationCommandBody.Repair { ReservationId: { } id } when random.Next(8) > 0 => view.VersionOf(pool, id),
        AllocationCommandBody.Release { ReservationId: var id } when random.Next(8) == 0 => view.VersionOf(pool, id),
        AllocationCommandBody.Amend { ReservationId: var id } when random.Next(8) == 0 => view.VersionOf(pool, id),
        _ when random.Next(15) == 0 => random.Next(-1, 9),
        _ => null,
    };

    private Actor ActorOf(AllocationCommandBody body) => new()
    {
        Type = random.Next(150) == 0 ? ActorType.Unknown
            : body is AllocationCommandBody.ForceRelease or AllocationCommandBody.Approve
                or AllocationCommandBody.Repair && random.Next(10) > 0
                ? ActorType.Operator : ActorType.Service,
        Id = random.Next(3) switch { 0 => "ann", 1 => "bob", _ => "eve" },
        Channel = random.Next(5) == 0 ? null : GeneratedPolicies.Classes[random.Next(3)],
        Tier = random.Next(5) == 0 ? "high" : null,
    };

    private void Note(AllocationCommand command)
    {
        bodies.Note(command);
        sent.Add(command);
        if (sent.Count > 2 * Remembered)
        {
            sent.RemoveRange(0, Remembered);
        }
    }

    private GeneratedRecord Record(int partition, string? key, AllocationCommand command) =>
        new(partition, key is null ? null : Encoding.UTF8.GetBytes(key), serde.Serialize(command));

    private int PartitionOf(string pool) => Murmur2.Partition(Encoding.UTF8.GetBytes(pool), partitionCount);
}
