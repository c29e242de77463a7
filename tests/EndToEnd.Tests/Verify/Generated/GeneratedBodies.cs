using Alloc.Schemas.Allocation;

namespace EndToEnd.Tests.Verify.Generated;

/// <summary>
/// Bodies of commands about a pool: few reservations and few units, so that every rule is reached; now and then numbers
/// and ids that make no sense.
/// </summary>
internal sealed class GeneratedBodies(Random random, ILedgerView view, long memoryMs)
{
    private static readonly string[] Odd =
        ["", ".", "/", "..", "a/b", "order 17", "ünïcode-☃-𝔘", "a#1", "$x", "*", "tab\there", new('x', 300)];

    private readonly Dictionary<string, int> facts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> versions = new(StringComparer.Ordinal);
    private readonly List<string> forced = [];

    /// <summary>An id that is legal for some and not for others.</summary>
    public string OddId() => Odd[random.Next(Odd.Length)];

    /// <summary>Notes a command that may be approved.</summary>
    public void Note(AllocationCommand command)
    {
        if (command.Body is AllocationCommandBody.ForceRelease)
        {
            forced.Add(command.CommandId);
        }
    }

    /// <summary>A body for a pool.</summary>
    public AllocationCommandBody Make(string pool, long nowMs) => random.Next(100) switch
    {
        < 20 => Hold(nowMs),
        < 30 => new AllocationCommandBody.Confirm
        {
            ReservationId = Reservation(),
            Quantity = Maybe(),
            Remainder = Remainder(),
            CommitGroup = random.Next(6) == 0 ? "g" : null,
        },
        < 38 => new AllocationCommandBody.Release
        {
            ReservationId = Reservation(),
            Quantity = Maybe(),
            Bucket = Bucket(),
            Reason = random.Next(4) == 0 ? "GroupAborted" : "test",
        },
        < 46 => Consume(pool),
        < 50 => Return(pool),
        < 55 => new AllocationCommandBody.Extend
        {
            ReservationId = $"r{random.Next(2)}",
            TtlMs = Life(),
        },
        < 59 => new AllocationCommandBody.Amend { ReservationId = Reservation(), NewQuantity = Units() },
        < 62 => Split(),
        < 65 => Reassign(),
        < 69 => new AllocationCommandBody.ForceRelease
        {
            ReservationId = Reservation(),
            Quantity = Maybe(),
            Bucket = Bucket(),
            Reason = "test",
            Ticket = random.Next(30) == 0 ? "" : "T-1",
        },
        < 72 => new AllocationCommandBody.Approve
        {
            ApprovedCommandId = forced.Count == 0 ? "none" : forced[^Math.Min(forced.Count, 1 + random.Next(6))],
        },
        < 79 => Supply(pool),
        < 83 => Snapshot(pool),
        < 86 => new AllocationCommandBody.Block { Quantity = Units(), Reason = "test" },
        < 89 => new AllocationCommandBody.Unblock { Quantity = Units(), Reason = "test" },
        < 92 => Configure(nowMs),
        < 95 => new AllocationCommandBody.Import
        {
            ReservationId = Reservation(),
            Held = random.Next(3),
            Confirmed = random.Next(3),
            ExpiresAtMs = random.Next(10) == 0 ? null : nowMs + Life() - 2_000,
            Class = Class(),
            CustomerRef = Customer(),
        },
        _ => Repair(pool),
    };

    private AllocationCommandBody.Hold Hold(long nowMs)
    {
        var mode = random.Next(10) switch
        {
            < 5 => HoldMode.AllOrNothing,
            < 7 => HoldMode.Partial,
            < 9 => HoldMode.Waitlist,
            _ => random.Next(20) == 0 ? HoldMode.Unknown : HoldMode.AllOrNothing,
        };
        var hold = new AllocationCommandBody.Hold
        {
            Mode = mode,
            TtlMs = random.Next(3) == 0 ? null : Life(),
            WaitUntilMs = mode == HoldMode.Waitlist && random.Next(2) == 0 ? nowMs + Life() : null,
            Class = Class(),
            CustomerRef = Customer(),
            OrderRef = random.Next(4) == 0 ? $"o{random.Next(9)}" : null,
            GroupId = random.Next(6) == 0 ? "g" : null,
            Attributes = random.Next(3) switch
            {
                0 => new Dictionary<string, string> { ["dealer"] = "seven" },
                1 => new Dictionary<string, string> { ["dealer"] = "nine" },
                _ => new Dictionary<string, string>(),
            },
        };
        if (random.Next(5) > 0)
        {
            return hold with
            {
                ReservationId = Reservation(),
                Quantity = Units(),
                MinQuantity = mode == HoldMode.Partial && random.Next(3) == 0 ? 2 : null,
            };
        }
        var lines = new HoldLine[1 + random.Next(3)];
        for (var index = 0; index < lines.Length; index++)
        {
            lines[index] = new HoldLine
            {
                ReservationId = index == 0 ? Reservation() : $"x{random.Next(5)}",
                Quantity = Units(),
                Class = Class(),
            };
        }
        return hold with { Lines = lines };
    }

    private AllocationCommandBody.Consume Consume(string pool)
    {
        var fact = random.Next(2) == 0 ? (int?)null : NextFact(pool);
        return new AllocationCommandBody.Consume
        {
            ReservationId = Reservation(),
            Quantity = Units(),
            ConsumeId = Movement(),
            OccurredAtMs = 0,
            Source = fact is null ? null : "erp",
            SourceSequence = fact,
        };
    }

    private AllocationCommandBody.Return Return(string pool)
    {
        var fact = random.Next(2) == 0 ? (int?)null : NextFact(pool);
        return new AllocationCommandBody.Return
        {
            ReservationId = Reservation(),
            Quantity = Units(),
            ConsumeId = Movement(),
            Disposition = random.Next(3) == 0 ? ReturnDisposition.Blocked : ReturnDisposition.Free,
            Source = fact is null && random.Next(30) > 0 ? null : "erp",
            SourceSequence = fact,
        };
    }

    private AllocationCommandBody.Split Split() => new()
    {
        ReservationId = Reservation(),
        Parts =
        [
            .. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => new SplitPart
            {
                ReservationId = random.Next(3) == 0 ? Reservation() : $"s{random.Next(20)}",
                Quantity = 1 + random.Next(2),
            }),
        ],
    };

    private AllocationCommandBody.Reassign Reassign() => new()
    {
        ReservationId = Reservation(),
        ToCustomerRef = Customer(),
        ToOrderRef = random.Next(3) == 0 ? $"o{random.Next(9)}" : null,
    };

    // Some sources count, and the ledger counts for others; now and then for one that does.
    private AllocationCommandBody.SupplyDelta Supply(string pool) => random.Next(5) == 0
        ? new AllocationCommandBody.SupplyDelta
        {
            Source = random.Next(8) == 0 ? "erp" : "shelf",
            SourceSequence = 0,
            Quantity = Units(),
        }
        : new AllocationCommandBody.SupplyDelta
        {
            Source = random.Next(12) == 0 ? "wms" : "erp",
            SourceSequence = NextFact(pool),
            Quantity = random.Next(4) == 0 ? -Units() : 2 * Units(),
        };

    private AllocationCommandBody.SupplySnapshot Snapshot(string pool)
    {
        var version = versions.GetValueOrDefault(pool) + random.Next(3) - (random.Next(6) == 0 ? 2 : 0);
        versions[pool] = Math.Max(version, versions.GetValueOrDefault(pool));
        var quantity = 8 + random.Next(20);
        return new AllocationCommandBody.SupplySnapshot
        {
            Source = random.Next(12) == 0 ? "wms" : "erp",
            Version = random.Next(15) == 0 ? -1 : version,
            Quantity = quantity,
            Blocked = random.Next(4) == 0 ? random.Next(6) : null,
            Through = random.Next(3) == 0 ? null : Math.Max(0, facts.GetValueOrDefault(pool) - random.Next(3)),
        };
    }

    private AllocationCommandBody.PoolConfigure Configure(long nowMs) => new()
    {
        Settings = new PoolSettings
        {
            Unit = "piece",
            Kind = random.Next(40) == 0 ? PoolKind.Unknown
                : random.Next(4) == 0 ? PoolKind.Capacity : PoolKind.Stock,
            SnapshotSource = random.Next(8) == 0 ? null : "erp",
            ServiceAtMs = random.Next(2) == 0 ? nowMs + (2 * memoryMs) : null,
            ClosesAtMs = random.Next(12) == 0 ? nowMs + memoryMs : null,
            MaximumCapacity = random.Next(4) == 0 ? 3 : null,
        },
        Set = random.Next(2) == 0
            ? null
            : [.. Enum.GetValues<PoolSetting>().Where(s => s != PoolSetting.Unknown && random.Next(3) == 0)],
    };

    private AllocationCommandBody.Repair Repair(string pool)
    {
        var repair = new AllocationCommandBody.Repair
        {
            MismatchId = "m",
            Action = "Adjust",
            Approver = random.Next(5) == 0 ? "ann" : "bob",
        };
        return random.Next(8) switch
        {
            0 or 1 => repair with { Action = "Release", ReservationId = Reservation() },
            2 => repair with { Action = "AcceptSnapshot", Source = "erp" },
            3 when random.Next(6) == 0 => repair with { Action = "Nonsense", Source = "erp" },
            _ => repair with
            {
                ExpectedBalances = random.Next(8) == 0
                    ? new Balances { Free = 1, External = -1 } : view.BalancesOf(pool),
                Quantity = 1 + random.Next(4),
                From = (RepairAccount)(1 + random.Next(4)),
                To = (RepairAccount)(1 + random.Next(4)),
            },
        };
    }

    private string Reservation() => random.Next(60) == 0 ? OddId() : $"r{random.Next(7)}";

    private string Movement() => random.Next(60) == 0 ? OddId() : $"m{random.Next(40)}";

    private long Units() => random.Next(80) switch
    {
        0 => 0,
        1 => -1,
        2 => long.MaxValue,
        3 => 1_000_000_000_000_000,
        4 => 1_000_000_000_000_001,
        _ => 1 + random.Next(5),
    };

    private long? Maybe() => random.Next(3) == 0 ? null : Units();

    private long Life() => random.Next(50) switch
    {
        0 => 0,
        1 => 10 * memoryMs,
        _ => 100 + random.NextInt64(memoryMs),
    };

    private Remainder Remainder() => random.Next(60) == 0
        ? Alloc.Schemas.Allocation.Remainder.Unknown
        : random.Next(3) == 0 ? Alloc.Schemas.Allocation.Remainder.Keep : Alloc.Schemas.Allocation.Remainder.Release;

    private ReleaseBucket Bucket() => random.Next(60) == 0
        ? ReleaseBucket.Unknown : (ReleaseBucket)(1 + random.Next(3));

    private string? Class() => random.Next(8) switch
    {
        0 => "field",
        1 => "gold",
        2 => "web",
        3 => random.Next(10) == 0 ? "nobody knows it" : null,
        _ => null,
    };

    private string? Customer() => random.Next(4) switch
    {
        0 => "ann",
        1 => "bob",
        2 => $"c{random.Next(5)}",
        _ => null,
    };

    // Mostly the next one; sometimes one that is early, doubled or late.
    private int NextFact(string pool)
    {
        var last = facts.GetValueOrDefault(pool);
        var next = random.Next(8) switch
        {
            0 => Math.Max(1, last - random.Next(4)),
            1 => last + 2 + random.Next(2),
            _ => last + 1,
        };
        facts[pool] = Math.Max(last, next);
        return next;
    }
}

/// <summary>What a generator may know of the ledgers that decide its commands.</summary>
internal interface ILedgerView
{
    /// <summary>The balances of a pool; null where it is not known.</summary>
    Balances? BalancesOf(string poolId);

    /// <summary>The version of a reservation; null where it is not known.</summary>
    long? VersionOf(string poolId, string reservationId);
}
