using Alloc.Engine.Processing;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Ledger.Supply;
using Alloc.Processors.Keys;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Supply;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>A record that repairs something.</summary>
/// <param name="Sink">The node before the sink that writes it.</param>
/// <param name="Key">Its key, and where it says so its partition.</param>
/// <param name="Value">The record.</param>
internal readonly record struct RepairRecord(string Sink, PartitionedKey Key, object Value);

/// <summary>
/// What is sent for a repair. Its id is <c>rc/mismatchId/attempt</c>, and what it acts on has the version that was
/// compared: the same attempt twice is one, and one that comes too late is rejected.
/// </summary>
internal sealed class RepairCommands(ReconciliationSerdes serdes, int poolPartitions)
{
    /// <summary>Whose slice it is that is frozen, where the facts do not say.</summary>
    private const string ThisAuthority = "alloc";

    /// <summary>The id of an attempt.</summary>
    public static string IdOf(string mismatchId, int attempt) =>
        FormattableString.Invariant($"rc/{mismatchId}/{attempt}");

    /// <summary>What the next attempt of an approved repair sends.</summary>
    /// <exception cref="BadRecordException">What it was to send cannot be read.</exception>
    /// <exception cref="DependencyUnavailableException">The registry does not answer.</exception>
    public IReadOnlyList<RepairRecord> Of(KeptMismatch kept, long nowMs)
    {
        var facts = kept.Facts!;
        var attempt = new Attempt(kept.Mismatch, facts, nowMs);
        return facts.Kind switch
        {
            RepairKind.Tick => [Control(
                attempt.Command(ReservedKeys.Tick, new AllocationCommandBody.Tick { DueAtMs = nowMs }),
                facts.Partition!.Value)],
            RepairKind.Release => [Command(attempt.Command(facts.PoolId, new AllocationCommandBody.Release
            {
                ReservationId = facts.ReservationId!,
                Bucket = attempt.Bucket,
                Reason = attempt.Reason,
            }) with { ExpectedVersion = facts.ExpectedVersion })],
            RepairKind.ForceRelease => ForceRelease(attempt),
            RepairKind.Amend => [Command(attempt.Command(facts.PoolId, new AllocationCommandBody.Amend
            {
                ReservationId = facts.ReservationId!,
                NewQuantity = facts.Quantity!.Value,
            }) with { ExpectedVersion = facts.ExpectedVersion })],
            // Who asks and who approves are two people, in the ledger, too.
            RepairKind.AcceptSnapshot => [Command(attempt.Command(facts.PoolId, new AllocationCommandBody.Repair
            {
                MismatchId = kept.Mismatch.MismatchId,
                Action = RepairRules.AcceptSnapshot,
                Approver = kept.Mismatch.Approver!,
                Source = facts.Source,
            }) with { Actor = Attempt.Operator(kept.Mismatch.ProposedBy!) })],
            RepairKind.SendAgain => [Again(facts)],
            RepairKind.Redeliver => [Outcome(facts)],
            RepairKind.RequestSnapshot => [Request(attempt, SupplyRequestKind.Snapshot)],
            RepairKind.RequestMovement => [Request(attempt, SupplyRequestKind.Movement)],
            RepairKind.RequestMovements => [Request(attempt, SupplyRequestKind.Movements)],
            RepairKind.Freeze => Freeze(attempt),
            RepairKind.RebuildScope => [Rebuild(attempt)],
            _ => throw new BadRecordException($"this version has no command for the repair {facts.Kind}"),
        };
    }

    // Confirmed units wait in the ledger for another operator, who approved it here already.
    private static List<RepairRecord> ForceRelease(Attempt attempt)
    {
        var (row, facts) = (attempt.Row, attempt.Facts);
        var force = attempt.Command(facts.PoolId, new AllocationCommandBody.ForceRelease
        {
            ReservationId = facts.ReservationId!,
            Bucket = attempt.Bucket,
            Reason = attempt.Reason,
            Ticket = row.MismatchId,
        }) with
        { ExpectedVersion = facts.ExpectedVersion, Actor = Attempt.Operator(row.ProposedBy!) };
        if (!facts.Confirmed)
        {
            return [Command(force)];
        }
        var approve = attempt.Command(
            facts.PoolId, new AllocationCommandBody.Approve { ApprovedCommandId = force.CommandId }) with
        {
            CommandId = force.CommandId + "/approve",
        };
        return [Command(force), Command(approve)];
    }

    // The slice's owner is not known here. The epoch above the one that was seen is taken whoever owns it, and whoever
    // acts under the one that was seen is refused.
    private List<RepairRecord> Freeze(Attempt attempt)
    {
        var command = attempt.Command(ReservedKeys.Authority, new AllocationCommandBody.AuthorityTransfer
        {
            Slice = attempt.Facts.PoolId,
            Mode = AuthorityMode.Frozen,
            Owner = attempt.Facts.Service ?? attempt.Facts.Source ?? ThisAuthority,
            NewEpoch = checked(attempt.Facts.Epoch!.Value + 1),
        });
        return [.. Enumerable.Range(0, poolPartitions).Select(partition => Control(command, partition))];
    }

    private RepairRecord Again(RepairFacts facts)
    {
        var command = serdes.Commands.Deserialize(facts.Payload!.Value.Span);
        if (!ReservedKeys.NamesPartition(command.PoolId))
        {
            return Command(command);
        }
        return facts.Partition is { } partition && partition >= 0 && partition < poolPartitions
            ? Control(command, partition)
            : throw new BadRecordException($"it is for a partition of {command.PoolId}, and the facts name none");
    }

    private RepairRecord Outcome(RepairFacts facts)
    {
        var outcome = serdes.Outcomes.Deserialize(facts.Payload!.Value.Span);
        return new RepairRecord(MismatchTopology.Redeliveries, new PartitionedKey(outcome.PoolId), outcome);
    }

    private static RepairRecord Request(Attempt attempt, SupplyRequestKind kind)
    {
        var facts = attempt.Facts;
        return new RepairRecord(MismatchTopology.Requests, new PartitionedKey(facts.PoolId), new SupplyRequest
        {
            RequestId = attempt.CommandId,
            PoolId = facts.PoolId,
            Kind = kind,
            Source = facts.Source,
            MovementId = kind == SupplyRequestKind.Movement ? facts.MovementId : null,
            FromSequence = kind == SupplyRequestKind.Movements ? facts.FromSequence : null,
            ToSequence = kind == SupplyRequestKind.Movements ? facts.ToSequence : null,
            MismatchId = attempt.Row.MismatchId,
            RequestedAtMs = attempt.NowMs,
        });
    }

    // Every instance reads the one partition of the topic; the one that has the scope builds it.
    private static RepairRecord Rebuild(Attempt attempt)
    {
        var facts = attempt.Facts;
        return new RepairRecord(
            MismatchTopology.Rebuilds, new PartitionedKey(attempt.Row.MismatchId, 0), new RebuildRequest
            {
                RequestId = attempt.CommandId,
                Partition = facts.Partition!.Value,
                PoolId = facts.PoolId.Length > 0 ? facts.PoolId : null,
                MismatchId = attempt.Row.MismatchId,
                RequestedAtMs = attempt.NowMs,
            });
    }

    private static RepairRecord Command(AllocationCommand command) =>
        new(MismatchTopology.Commands, new PartitionedKey(command.PoolId), command);

    private static RepairRecord Control(AllocationCommand command, int partition) =>
        new(MismatchTopology.Commands, new PartitionedKey(command.PoolId, partition), command);

    // What the commands of an attempt have in common.
    private sealed record Attempt(Mismatch Row, RepairFacts Facts, long NowMs)
    {
        public string CommandId { get; } = IdOf(Row.MismatchId, checked(Row.Attempts + 1));

        public string Reason => $"reconciliation {Row.MismatchId}";

        public ReleaseBucket Bucket => Facts.Confirmed ? ReleaseBucket.All : ReleaseBucket.Held;

        public static Actor Operator(string id) => new() { Type = ActorType.Operator, Id = id };

        public AllocationCommand Command(string poolId, AllocationCommandBody body) => new()
        {
            CommandId = CommandId,
            PoolId = poolId,
            Actor = Row.Approver is { } person && person != MismatchLife.Self
                ? Operator(person)
                : new Actor { Type = ActorType.Service, Id = MismatchLife.Self },
            CorrelationId = Row.MismatchId,
            IssuedAtMs = NowMs,
            Body = body,
        };
    }
}
