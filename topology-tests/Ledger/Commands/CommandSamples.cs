using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger.Commands;

/// <summary>A well-formed command of every kind, and what makes each of them malformed.</summary>
internal static class CommandSamples
{
    private static readonly string Long = new('x', 257);

    public static IReadOnlyList<CommandKind> Kinds { get; } =
    [
        .. Enum.GetValues<CommandKind>().Where(k => k is not (CommandKind.Unknown or CommandKind.Tick)),
    ];

    /// <summary>A command that nothing is wrong with.</summary>
    public static AllocationCommandBody Body(CommandKind kind) => kind switch
    {
        CommandKind.Hold => new AllocationCommandBody.Hold { ReservationId = "r", Quantity = 2 },
        CommandKind.Confirm => new AllocationCommandBody.Confirm { ReservationId = "r" },
        CommandKind.Release => new AllocationCommandBody.Release { ReservationId = "r", Reason = "test" },
        CommandKind.Consume => new AllocationCommandBody.Consume
        {
            ReservationId = "r",
            Quantity = 1,
            ConsumeId = "used",
            OccurredAtMs = 0,
            Source = "wms",
            SourceSequence = 1,
        },
        CommandKind.Return => new AllocationCommandBody.Return
        {
            ReservationId = "r",
            Quantity = 1,
            ConsumeId = "back",
            Source = "wms",
            SourceSequence = 2,
        },
        CommandKind.Extend => new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = 60_000 },
        CommandKind.Amend => new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 3 },
        CommandKind.Split => new AllocationCommandBody.Split
        {
            ReservationId = "r",
            Parts = [new SplitPart { ReservationId = "part", Quantity = 1 }],
        },
        CommandKind.Reassign => new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "ann" },
        CommandKind.ForceRelease => new AllocationCommandBody.ForceRelease
        {
            ReservationId = "r",
            Reason = "test",
            Ticket = "case-1",
        },
        CommandKind.Approve => new AllocationCommandBody.Approve { ApprovedCommandId = "other" },
        CommandKind.SupplyDelta => new AllocationCommandBody.SupplyDelta
        {
            Source = "wms",
            SourceSequence = 3,
            Quantity = 1,
        },
        CommandKind.SupplySnapshot => new AllocationCommandBody.SupplySnapshot
        {
            Source = TestLedger.Erp,
            Version = 1,
            Quantity = 30,
            Through = null,
        },
        CommandKind.Block => new AllocationCommandBody.Block { Quantity = 1, Reason = "test" },
        CommandKind.Unblock => new AllocationCommandBody.Unblock { Quantity = 1, Reason = "test" },
        CommandKind.PoolConfigure => new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings { Unit = "piece", SnapshotSource = TestLedger.Erp },
        },
        CommandKind.Import => new AllocationCommandBody.Import { ReservationId = "r", Confirmed = 1 },
        CommandKind.PolicyActivate => new AllocationCommandBody.PolicyActivate
        {
            Document = PolicyDocument.Write(PolicyVersions.Version0 with { Version = 1 }),
            Version = 1,
            ContentHash = PolicyDocument.HashOf(PolicyVersions.Version0 with { Version = 1 }),
            EffectiveAtMs = 0,
        },
        CommandKind.ModeSwitch => new AllocationCommandBody.ModeSwitch { Mode = "slow", On = true, Reason = "test" },
        CommandKind.AuthorityTransfer => new AllocationCommandBody.AuthorityTransfer
        {
            Slice = "other-*",
            Mode = AuthorityMode.Frozen,
            Owner = "erp",
            NewEpoch = 1,
        },
        CommandKind.Repair => Release(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no command"),
    };

    /// <summary>The pool, or the reserved key, that a command of a kind names.</summary>
    public static string PoolOf(CommandKind kind) =>
        CommandKinds.IsForPartition(kind) ? CommandKinds.KeyOf(kind) : TestLedger.Pool;

    /// <summary>A command that nothing is wrong with, in its envelope.</summary>
    public static AllocationCommand Command(TestLedger ledger, CommandKind kind, string id = "c") =>
        ledger.Command(Body(kind), id, PoolOf(kind)) with
        {
            ExpectedVersion = kind == CommandKind.Repair ? 1 : null,
            Actor = new Actor { Type = ActorType.Operator, Id = "ann", Channel = "web" },
        };

    /// <summary>What is wrong with an envelope, whatever is in it.</summary>
    public static IReadOnlyDictionary<string, Func<AllocationCommand, AllocationCommand>> Envelopes { get; } =
        new Dictionary<string, Func<AllocationCommand, AllocationCommand>>
        {
            ["commandId empty"] = c => c with { CommandId = "" },
            ["commandId too long"] = c => c with { CommandId = Long },
            ["commandId with a control character"] = c => c with { CommandId = "a\nb" },
            ["correlationId too long"] = c => c with { CorrelationId = Long },
            ["causationId too long"] = c => c with { CausationId = Long },
            ["actor.id too long"] = c => c with { Actor = c.Actor with { Id = Long } },
            ["actor.channel too long"] = c => c with { Actor = c.Actor with { Channel = Long } },
            ["actor.tier too long"] = c => c with { Actor = c.Actor with { Tier = Long } },
            ["actor.type unknown"] = c => c with { Actor = c.Actor with { Type = ActorType.Unknown } },
            ["expectedVersion negative"] = c => c with { ExpectedVersion = -1 },
        };

    /// <summary>What is wrong with the bodies of each kind.</summary>
    public static IEnumerable<(CommandKind Kind, string Fault, Func<AllocationCommand, AllocationCommand> Spoil)> Bodies
    {
        get
        {
            foreach (var (kind, fault, body) in MalformedBodies())
            {
                yield return (kind, fault, c => c with { Body = body });
            }
            foreach (var kind in Kinds.Where(k => k is CommandKind.Block or CommandKind.Unblock
                or CommandKind.PoolConfigure or CommandKind.Approve || CommandKinds.IsForPartition(k)))
            {
                yield return (kind, "expectedVersion of nothing", c => c with { ExpectedVersion = 1 });
            }
            yield return (CommandKind.Hold, "expectedVersion of several lines", c => c with
            {
                ExpectedVersion = 1,
                Body = new AllocationCommandBody.Hold
                {
                    Lines =
                    [
                        new HoldLine { ReservationId = "a", Quantity = 1 },
                        new HoldLine { ReservationId = "b", Quantity = 1 },
                    ],
                },
            });
            foreach (var kind in Kinds.Where(k => !IsFact(k)))
            {
                yield return (kind, "issuedAt ahead", c => c with { IssuedAtMs = c.IssuedAtMs + 86_400_000 });
            }
            yield return (CommandKind.Repair, "Release without expectedVersion", c => c with
            {
                ExpectedVersion = null,
            });
            yield return (CommandKind.Repair, "Adjust with expectedVersion", c => c with
            {
                Body = Adjust(),
                ExpectedVersion = 1,
            });
        }
    }

    public static bool IsFact(CommandKind kind) => kind is CommandKind.Consume or CommandKind.Return
        or CommandKind.SupplyDelta or CommandKind.SupplySnapshot;

    private static AllocationCommandBody.Repair Release() =>
        new() { MismatchId = "m", Action = "Release", Approver = "bob", ReservationId = "r" };

    private static AllocationCommandBody.Repair Adjust() => new()
    {
        MismatchId = "m",
        Action = "Adjust",
        Approver = "bob",
        Quantity = 1,
        From = RepairAccount.Free,
        To = RepairAccount.Blocked,
        ExpectedBalances = new Balances(),
    };

    private static IEnumerable<(CommandKind, string, AllocationCommandBody)> MalformedBodies()
    {
        var hold = (AllocationCommandBody.Hold)Body(CommandKind.Hold);
        yield return (CommandKind.Hold, "nothing asked", new AllocationCommandBody.Hold());
        yield return (CommandKind.Hold, "no quantity", hold with { Quantity = null });
        yield return (CommandKind.Hold, "quantity 0", hold with { Quantity = 0 });
        yield return (CommandKind.Hold, "no mode", hold with { Mode = HoldMode.Unknown });
        yield return (CommandKind.Hold, "ttl 0", hold with { TtlMs = 0 });
        yield return (CommandKind.Hold, "order too long", hold with { OrderRef = Long });
        yield return (CommandKind.Hold, "dealer too long", hold with
        {
            Attributes = new Dictionary<string, string> { ["dealer"] = Long },
        });
        foreach (var mode in (HoldMode[])[HoldMode.AllOrNothing, HoldMode.Waitlist])
        {
            yield return (CommandKind.Hold, $"minQuantity with {mode}", hold with { Mode = mode, MinQuantity = 1 });
            yield return (CommandKind.Hold, $"minQuantity of a line with {mode}", new AllocationCommandBody.Hold
            {
                Mode = mode,
                Lines = [new HoldLine { ReservationId = "r", Quantity = 2, MinQuantity = 1 }],
            });
        }
        yield return (CommandKind.Hold, "minQuantity above quantity", hold with
        {
            Mode = HoldMode.Partial,
            MinQuantity = 3,
        });
        foreach (var mode in (HoldMode[])[HoldMode.AllOrNothing, HoldMode.Partial])
        {
            yield return (CommandKind.Hold, $"waitUntil with {mode}", hold with
            {
                Mode = mode,
                WaitUntilMs = 1_800_000_000_000,
            });
        }
        yield return (CommandKind.Hold, "lines and a reservation", hold with
        {
            Lines = [new HoldLine { ReservationId = "a", Quantity = 1 }],
        });
        yield return (CommandKind.Hold, "two lines of one reservation", new AllocationCommandBody.Hold
        {
            Lines =
            [
                new HoldLine { ReservationId = "a", Quantity = 1 }, new HoldLine { ReservationId = "a", Quantity = 1 },
            ],
        });
        yield return (CommandKind.Hold, "several lines that wait", new AllocationCommandBody.Hold
        {
            Mode = HoldMode.Waitlist,
            Lines =
            [
                new HoldLine { ReservationId = "a", Quantity = 1 }, new HoldLine { ReservationId = "b", Quantity = 1 },
            ],
        });
        yield return (CommandKind.Confirm, "reservationId empty",
            new AllocationCommandBody.Confirm { ReservationId = "" });
        yield return (CommandKind.Confirm, "quantity negative",
            new AllocationCommandBody.Confirm { ReservationId = "r", Quantity = -1 });
        yield return (CommandKind.Confirm, "no remainder",
            new AllocationCommandBody.Confirm { ReservationId = "r", Remainder = Remainder.Unknown });
        yield return (CommandKind.Release, "no bucket", new AllocationCommandBody.Release
        {
            ReservationId = "r",
            Bucket = ReleaseBucket.Unknown,
            Reason = "test",
        });
        yield return (CommandKind.Confirm, "commits a group without a name",
            new AllocationCommandBody.Confirm { ReservationId = "r", CommitGroup = "" });
        yield return (CommandKind.Confirm, "commits a group with a long name",
            new AllocationCommandBody.Confirm { ReservationId = "r", CommitGroup = Long });
        yield return (CommandKind.Release, "reason too long",
            new AllocationCommandBody.Release { ReservationId = "r", Reason = new string('x', 1_025) });
        var consume = (AllocationCommandBody.Consume)Body(CommandKind.Consume);
        yield return (CommandKind.Consume, "quantity 0", consume with { Quantity = 0 });
        yield return (CommandKind.Consume, "consumeId empty", consume with { ConsumeId = "" });
        yield return (CommandKind.Consume, "source without sequence", consume with { SourceSequence = null });
        yield return (CommandKind.Consume, "sequence without source", consume with { Source = null });
        yield return (CommandKind.Consume, "sequence 0", consume with { SourceSequence = 0 });
        var returned = (AllocationCommandBody.Return)Body(CommandKind.Return);
        yield return (CommandKind.Return, "no disposition", returned with { Disposition = ReturnDisposition.Unknown });
        yield return (CommandKind.Return, "sequence 0", returned with { SourceSequence = 0 });
        yield return (CommandKind.Extend, "ttl 0", new AllocationCommandBody.Extend { ReservationId = "r", TtlMs = 0 });
        yield return (CommandKind.Amend, "quantity 0",
            new AllocationCommandBody.Amend { ReservationId = "r", NewQuantity = 0 });
        yield return (CommandKind.Split, "no parts",
            new AllocationCommandBody.Split { ReservationId = "r", Parts = [] });
        yield return (CommandKind.Split, "a part of itself", new AllocationCommandBody.Split
        {
            ReservationId = "r",
            Parts = [new SplitPart { ReservationId = "r", Quantity = 1 }],
        });
        yield return (CommandKind.Reassign, "to nobody", new AllocationCommandBody.Reassign { ReservationId = "r" });
        yield return (CommandKind.Reassign, "to an empty name",
            new AllocationCommandBody.Reassign { ReservationId = "r", ToCustomerRef = "" });
        yield return (CommandKind.ForceRelease, "no ticket",
            new AllocationCommandBody.ForceRelease { ReservationId = "r", Reason = "", Ticket = "" });
        yield return (CommandKind.Approve, "of nothing", new AllocationCommandBody.Approve { ApprovedCommandId = "" });
        var delta = (AllocationCommandBody.SupplyDelta)Body(CommandKind.SupplyDelta);
        yield return (CommandKind.SupplyDelta, "quantity 0", delta with { Quantity = 0 });
        yield return (CommandKind.SupplyDelta, "no source", delta with { Source = "" });
        yield return (CommandKind.SupplyDelta, "sequence negative", delta with { SourceSequence = -1 });
        var snapshot = (AllocationCommandBody.SupplySnapshot)Body(CommandKind.SupplySnapshot);
        yield return (CommandKind.SupplySnapshot, "version -2", snapshot with { Version = -2 });
        yield return (CommandKind.SupplySnapshot, "quantity negative", snapshot with { Quantity = -1 });
        yield return (CommandKind.SupplySnapshot, "more blocked than there is", snapshot with { Blocked = 31 });
        yield return (CommandKind.SupplySnapshot, "through negative", snapshot with { Through = -1 });
        yield return (CommandKind.Block, "quantity 0", new AllocationCommandBody.Block { Quantity = 0, Reason = "" });
        yield return (CommandKind.Unblock, "quantity 0",
            new AllocationCommandBody.Unblock { Quantity = 0, Reason = "" });
        var configure = (AllocationCommandBody.PoolConfigure)Body(CommandKind.PoolConfigure);
        yield return (CommandKind.PoolConfigure, "no kind", configure with
        {
            Settings = configure.Settings with { Kind = PoolKind.Unknown },
        });
        yield return (CommandKind.PoolConfigure, "unit too long", configure with
        {
            Settings = configure.Settings with { Unit = Long },
        });
        yield return (CommandKind.PoolConfigure, "maximum 0", configure with
        {
            Settings = configure.Settings with { MaximumCapacity = 0 },
        });
        yield return (CommandKind.PoolConfigure, "a setting that nobody knows", configure with
        {
            Set = [PoolSetting.Unit, PoolSetting.Unknown],
        });
        yield return (CommandKind.Import, "nothing", new AllocationCommandBody.Import { ReservationId = "r" });
        yield return (CommandKind.Import, "held without expiry",
            new AllocationCommandBody.Import { ReservationId = "r", Held = 1 });
        var activate = (AllocationCommandBody.PolicyActivate)Body(CommandKind.PolicyActivate);
        yield return (CommandKind.PolicyActivate, "version 0", activate with { Version = 0 });
        yield return (CommandKind.PolicyActivate, "no hash", activate with { ContentHash = "" });
        var change = (AllocationCommandBody.ModeSwitch)Body(CommandKind.ModeSwitch);
        yield return (CommandKind.ModeSwitch, "no mode", change with { Mode = "" });
        yield return (CommandKind.ModeSwitch, "cap 0", change with { CapMs = 0 });
        yield return (CommandKind.ModeSwitch, "cap of what is switched off", change with { On = false, CapMs = 1_000 });
        var transfer = (AllocationCommandBody.AuthorityTransfer)Body(CommandKind.AuthorityTransfer);
        yield return (CommandKind.AuthorityTransfer, "no slice", transfer with { Slice = "" });
        yield return (CommandKind.AuthorityTransfer, "epoch 0", transfer with { NewEpoch = 0 });
        yield return (CommandKind.Repair, "no action", Release() with { Action = "Mend" });
        yield return (CommandKind.Repair, "Release of a quantity", Release() with { Quantity = 1 });
        yield return (CommandKind.Repair, "Release of a source", Release() with { Source = "erp" });
        yield return (CommandKind.Repair, "Adjust of a reservation", Adjust() with { ReservationId = "r" });
        yield return (CommandKind.Repair, "Adjust within an account", Adjust() with { To = RepairAccount.Free });
        yield return (CommandKind.Repair, "AcceptSnapshot of a quantity", Release() with
        {
            Action = "AcceptSnapshot",
            ReservationId = null,
            Source = "erp",
            Quantity = 1,
        });
    }
}
