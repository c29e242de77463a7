using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Ledger;

/// <summary>
/// Histories that reach every rule: few reservations, few units, short lives, repeats, time in leaps.
/// </summary>
internal static class RandomHistory
{
    private const int ReservationCount = 5;

    private static readonly AllocationPolicy[] Policies = [.. Enumerable.Range(1, 4).Select(version =>
        PolicyVersions.Version0 with
        {
            Version = version,
            ConductTable =
            [
                PolicyVersions.Version0.ConductTable[0] with
                {
                    LateConfirm = version % 2 == 0,
                    IsRevocable = version < 3,
                },
            ],
            ModeTable =
            [
                new ModeRow("mode/slow", "slow", PoolPattern.All, ModeEffect.ExtendHolds, 5_000),
                new ModeRow("mode/stop", "stop", PoolPattern.All, ModeEffect.RejectHolds, 1_000),
                new ModeRow("mode/wait", "wait", PoolPattern.All, ModeEffect.WaitlistClasses, 0)
                {
                    Classes = [.. PolicyVersions.Version0.Classes],
                },
                new ModeRow("mode/short", "short", PoolPattern.All, ModeEffect.ShortenTtl, 3_000),
            ],
        })];

    /// <summary>One step of a history; any bytes are one.</summary>
    public readonly record struct Step(byte Kind, byte Reservation, byte Quantity, byte Choice, byte Seconds);

    public static TestLedger Run(IEnumerable<Step> steps)
    {
        var ledger = new TestLedger();
        ledger.Configure();
        ledger.Delta(1, 12, source: "opening");
        AllocationCommand? last = null;
        foreach (var step in steps)
        {
            ledger.NowMs += step.Seconds % 8 == 0 ? step.Seconds * 1_000L : step.Seconds % 3;
            if (step.Kind % 23 == 12 && last is not null)
            {
                ledger.All(last);
                continue;
            }
            if (Special(ledger, step) is { } special)
            {
                ledger.All(last = special);
            }
            else if (Body(step) is { } body)
            {
                ledger.All(last = ledger.Command(body) with { Actor = ActorOf(step) });
            }
            else
            {
                ledger.Tick();
            }
        }
        return ledger;
    }

    private static AllocationCommandBody.PolicyActivate Activate(
        TestLedger ledger, AllocationPolicy policy, int seconds) => new()
        {
            Version = policy.Version,
            Document = PolicyDocument.Write(policy),
            ContentHash = PolicyDocument.HashOf(policy),
            EffectiveAtMs = ledger.NowMs + (seconds * 1_000L) - 60_000,
        };

    private static Actor ActorOf(Step step) => new()
    {
        Type = step.Choice % 5 == 0 ? ActorType.Service : ActorType.Operator,
        Id = step.Quantity % 2 == 0 ? "ann" : "bob",
        Channel = "web",
    };

    private static AllocationCommandBody? Body(Step step)
    {
        var id = $"r{step.Reservation % ReservationCount}";
        var quantity = 1 + (step.Quantity % 4);
        var isSourced = step.Choice % 2 == 0;
        return (step.Kind % 23) switch
        {
            0 or 1 => new AllocationCommandBody.Hold
            {
                ReservationId = id,
                Quantity = quantity,
                TtlMs = 1_000 + (step.Choice * 100),
            },
            2 => new AllocationCommandBody.Hold
            {
                Mode = HoldMode.Partial,
                Lines =
                [
                    new HoldLine { ReservationId = id, Quantity = quantity },
                    new HoldLine { ReservationId = $"x{step.Choice % 3}", Quantity = 2 },
                ],
            },
            3 => new AllocationCommandBody.Confirm
            {
                ReservationId = id,
                Quantity = step.Choice % 3 == 0 ? null : quantity,
                Remainder = step.Choice % 2 == 0 ? Remainder.Keep : Remainder.Release,
            },
            4 => new AllocationCommandBody.Confirm
            {
                ReservationId = id,
                CommitGroup = step.Choice % 3 == 0 ? "g" : null,
            },
            5 => new AllocationCommandBody.Release
            {
                ReservationId = id,
                Quantity = step.Choice % 4 == 0 ? null : quantity,
                Bucket = (ReleaseBucket)(1 + (step.Choice % 3)),
                Reason = "test",
            },
            6 or 7 => new AllocationCommandBody.Consume
            {
                ReservationId = id,
                Quantity = quantity,
                ConsumeId = $"m{step.Choice % 32}",
                OccurredAtMs = 0,
                Source = isSourced ? "erp" : null,
                SourceSequence = isSourced ? 1 + (step.Choice % 32) : null,
            },
            8 => new AllocationCommandBody.Return
            {
                ReservationId = id,
                Quantity = quantity,
                ConsumeId = $"m{step.Choice % 64}",
                Disposition = step.Choice % 3 == 0 ? ReturnDisposition.Blocked : ReturnDisposition.Free,
                Source = isSourced ? "erp" : null,
                SourceSequence = isSourced ? 1 + (step.Choice % 32) : null,
            },
            9 => new AllocationCommandBody.Extend { ReservationId = id, TtlMs = 1_000 + (step.Choice * 200) },
            10 => step.Choice % 3 == 0
                ? new AllocationCommandBody.SupplySnapshot
                {
                    Source = "erp",
                    Version = step.Quantity,
                    Quantity = step.Choice,
                    Through = step.Choice % 2 == 0 ? step.Quantity % 32 : null,
                    Blocked = step.Choice % 5 == 0 ? step.Choice / 2 : null,
                }
                : new AllocationCommandBody.SupplyDelta
                {
                    Source = "erp",
                    SourceSequence = 1 + (step.Choice % 32),
                    Quantity = step.Quantity % 2 == 0 ? quantity : -quantity,
                },
            11 => step.Choice % 2 == 0
                ? new AllocationCommandBody.Block { Quantity = quantity, Reason = "test" }
                : new AllocationCommandBody.Unblock { Quantity = quantity, Reason = "test" },
            13 => new AllocationCommandBody.Amend { ReservationId = id, NewQuantity = 1 + (step.Quantity % 7) },
            14 => new AllocationCommandBody.Split
            {
                ReservationId = id,
                Parts = [new SplitPart { ReservationId = $"x{step.Choice % 7}", Quantity = quantity }],
            },
            15 => new AllocationCommandBody.Reassign { ReservationId = id, ToCustomerRef = $"c{step.Choice % 3}" },
            16 => new AllocationCommandBody.ForceRelease
            {
                ReservationId = id,
                Quantity = step.Choice % 3 == 0 ? null : quantity,
                Bucket = (ReleaseBucket)(1 + (step.Quantity % 3)),
                Reason = "test",
                Ticket = "t",
            },
            17 => new AllocationCommandBody.Approve { ApprovedCommandId = $"c{step.Choice}" },
            18 => new AllocationCommandBody.Import
            {
                ReservationId = id,
                Held = step.Quantity % 4,
                Confirmed = step.Choice % 3,
                ExpiresAtMs = 1_700_000_000_000 + (step.Choice * 1_000L),
            },
            _ => null,
        };
    }

    // Commands that look at the ledger as it is, or are for all of the partition.
    private static AllocationCommand? Special(TestLedger ledger, Step step) => (step.Kind % 23) switch
    {
        19 => ledger.Command(step.Choice % 3 == 0
            ? new AllocationCommandBody.Repair
            {
                MismatchId = "m",
                Action = "AcceptSnapshot",
                Approver = "bob",
                ExpectedBalances = ledger.Balances,
                Source = "erp",
            }
            : new AllocationCommandBody.Repair
            {
                MismatchId = "m",
                Action = "Adjust",
                Approver = "bob",
                ExpectedBalances = ledger.Balances,
                Quantity = 1 + (step.Quantity % 3),
                From = (RepairAccount)(1 + (step.Choice % 4)),
                To = (RepairAccount)(1 + (step.Quantity % 4)),
            }),
        20 => ledger.Command(
            new AllocationCommandBody.AuthorityTransfer
            {
                Slice = step.Choice % 2 == 0 ? "*" : "bolts",
                Mode = (step.Quantity % 8) switch
                {
                    0 => AuthorityMode.Legacy,
                    1 => AuthorityMode.Shadow,
                    2 or 3 => AuthorityMode.Frozen,
                    _ => AuthorityMode.Authoritative,
                },
                Owner = "erp",
                NewEpoch = 1 + (step.Choice / 16),
            },
            pool: ReservedKeys.Authority),
        21 => ledger.Command(Activate(ledger, Policies[step.Choice % 4], step.Quantity), pool: ReservedKeys.Policy),
        22 => ledger.Command(
            new AllocationCommandBody.ModeSwitch
            {
                Mode = (step.Choice % 4) switch { 0 => "stop", 1 => "wait", 2 => "short", _ => "slow" },
                On = step.Quantity % 3 > 0,
                CapMs = step.Choice % 5 == 0 ? 2_000 : null,
                Reason = "test",
            },
            pool: ReservedKeys.Mode),
        _ => null,
    };
}
