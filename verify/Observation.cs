using System.Text;
using System.Text.Json;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Verify;

/// <summary>
/// What the checker looks at, made of records of the contract. With <see cref="ScarcityDecoder"/> the only place where
/// the checker meets the contract.
/// </summary>
internal static class Observation
{
    /// <summary>A command as it lies in the log.</summary>
    /// <param name="command">The command.</param>
    /// <param name="at">Where it lies.</param>
    /// <param name="timestampMs">Its time in the log, in milliseconds since 1970.</param>
    /// <param name="key">The key of its record.</param>
    /// <param name="partitionCount">Partitions of its topic.</param>
    public static ObservedCommand Of(
        AllocationCommand command, Position at, long timestampMs, byte[]? key, int partitionCount)
    {
        var (ask, quantity, lines) = Asked(command.Body);
        return new ObservedCommand
        {
            At = at,
            TimestampMs = timestampMs,
            IsReadable = true,
            Misplaced = Placement(command.PoolId, key, at.Partition, partitionCount),
            CommandId = command.CommandId,
            PoolId = command.PoolId,
            Ask = ask,
            Quantity = quantity,
            Lines = lines,
            IsAllOrNothing = command.Body is AllocationCommandBody.Hold { Mode: not HoldMode.Partial },
            Actor = $"{command.Actor.Type}/{command.Actor.Id}",
            Approves = (command.Body as AllocationCommandBody.Approve)?.ApprovedCommandId,
            ExpectedVersion = command.ExpectedVersion,
            Fact = command.Body switch
            {
                AllocationCommandBody.Consume { Source: { } source, SourceSequence: { } n } => (source, n),
                AllocationCommandBody.Return { Source: { } source, SourceSequence: { } n } => (source, n),
                _ => null,
            },
            ExpectedBalances = command.Body is AllocationCommandBody.Repair { ExpectedBalances: { } expected }
                ? Balances(expected)
                : null,
        };
    }

    /// <summary>An outcome as it lies in a journal.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="at">Where it lies.</param>
    /// <param name="key">The key of its record.</param>
    public static ObservedOutcome Of(AllocationOutcome outcome, Position at, string key)
    {
        var answer = Answer(outcome);
        // What a repeat says happened, happened before: only its name counts.
        var happened = answer == AnswerKind.Duplicate ? null : outcome.Event;
        return new ObservedOutcome
        {
            At = at,
            Key = key,
            PoolId = outcome.PoolId,
            RequestedPoolId = outcome.RequestedPoolId,
            Sequence = outcome.Sequence,
            Source = new Position(outcome.Source.Topic, outcome.Source.Partition, outcome.Source.Offset),
            TimeMs = outcome.TMs,
            Answer = answer,
            HasCause = outcome.CausedBy is not null,
            Event = EventName(outcome.Event),
            CommandId = outcome.CommandId,
            RememberUntilMs = outcome.RememberUntilMs,
            DuplicateOf = outcome.DuplicateOf,
            Reasons = happened is AllocationOutcomeEvent.Rejected rejected
                ? [.. rejected.Reasons.Select(r => r.Code.ToString())]
                : [],
            Before = Balances(outcome.BalancesBefore),
            After = Balances(outcome.BalancesAfter),
            Postings = Postings(outcome.Entries),
            Reservations = Reservations(outcome.After),
            Steps = ScarcityDecoder.Steps(outcome.Decision),
            PolicyVersion = outcome.PolicyVersion,
            Epoch = outcome.Epoch,
            Subject = ScarcityDecoder.Subject(happened),
            Quantity = ScarcityDecoder.Quantity(happened),
            PreemptedBy = happened is AllocationOutcomeEvent.Preempted preempted
                ? (preempted.By, preempted.ByClass)
                : null,
            Supply = happened is AllocationOutcomeEvent.SupplyApplied supply
                ? new ObservedSupply(supply.Source, supply.SourceSequence, supply.Version, supply.Through)
                : null,
            Effects = outcome.ConsumeIds.Count == 0
                ? []
                : [.. outcome.ConsumeIds.Select(c => (c.ConsumeId, c.ForgetAtMs))],
            IsStock = happened is AllocationOutcomeEvent.PoolConfigured configured
                ? configured.Settings.Kind == PoolKind.Stock
                : null,
            Policy = happened is AllocationOutcomeEvent.PolicyActivated taken
                ? new ObservedPolicy(taken.Version, taken.ContentHash, taken.EffectiveAtMs)
                {
                    TimersPerRecord = TimersPerRecord(taken.Document),
                    Document = taken.Document,
                }
                : null,
            ActorId = outcome.Actor?.Id ?? "",
            Approver = (happened as AllocationOutcomeEvent.Repaired)?.Approver,
            Transfer = happened is AllocationOutcomeEvent.AuthorityChanged changed
                ? new ObservedTransfer(changed.Slice, changed.Mode.ToString(), changed.Owner, changed.NewEpoch)
                : null,
            Switch = happened is AllocationOutcomeEvent.ModeChanged mode
                ? new ObservedSwitch(mode.Mode, mode.On, mode.CapMs, mode.Pools, mode.Classes)
                : null,
            Parts = happened is AllocationOutcomeEvent.ReservationSplit split ? split.Parts : [],
            Charges = outcome.Charges.Count == 0
                ? []
                : [.. outcome.Charges.Select(c => new ObservedCharge(c.Scope, c.Delta, c.Consumed))],
            Cooldowns = outcome.Cooldowns.Count == 0 ? [] : [.. outcome.Cooldowns.Select(c => (c.Id, c.EndsAtMs))],
        };
    }

    /// <summary>The name of the event: that of its branch of the union.</summary>
    public static string EventName(AllocationOutcomeEvent outcome) => outcome.GetType().Name;

    private static Misplacement Placement(string poolId, byte[]? key, int partition, int partitionCount)
    {
        if (key is null || !key.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(poolId)))
        {
            return Misplacement.Key;
        }
        return poolId.StartsWith('$') || PoolPartition.OfKey(key, partitionCount) == partition
            ? Misplacement.None
            : Misplacement.Partition;
    }

    // The one number of a policy that no trace tells.
    private static int TimersPerRecord(string document)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            return json.RootElement.TryGetProperty("limits", out var limits)
                && limits.TryGetProperty("timersPerRecord", out var timers) && timers.TryGetInt32(out var count)
                    ? count
                    : ObservedPolicy.ShippedTimersPerRecord;
        }
        catch (JsonException)
        {
            return ObservedPolicy.ShippedTimersPerRecord;
        }
    }

    private static (Ask Ask, long? Quantity, IReadOnlyList<(string, long)> Lines) Asked(
        AllocationCommandBody body) => body switch
        {
            AllocationCommandBody.Hold { Lines.Count: > 0 } hold =>
                (Ask.Hold, Sum(hold.Lines), [.. hold.Lines.Select(l => (l.ReservationId, l.Quantity))]),
            AllocationCommandBody.Hold { ReservationId: { } id } hold =>
                (Ask.Hold, hold.Quantity, [(id, hold.Quantity ?? 0)]),
            AllocationCommandBody.Confirm confirm => (Ask.Confirm, confirm.Quantity, [(confirm.ReservationId, 0)]),
            AllocationCommandBody.Release release => (Ask.Release, release.Quantity, [(release.ReservationId, 0)]),
            AllocationCommandBody.Consume consume => (Ask.Consume, consume.Quantity, [(consume.ReservationId, 0)]),
            AllocationCommandBody.Return returned => (Ask.Return, returned.Quantity, [(returned.ReservationId, 0)]),
            AllocationCommandBody.Tick => (Ask.Tick, null, []),
            AllocationCommandBody.Amend amend => (Ask.Amend, amend.NewQuantity, [(amend.ReservationId, 0)]),
            AllocationCommandBody.Split split => (Ask.Split, null,
                [(split.ReservationId, 0), .. split.Parts.Select(p => (p.ReservationId, p.Quantity))]),
            AllocationCommandBody.Reassign reassign => (Ask.Reassign, null, [(reassign.ReservationId, 0)]),
            AllocationCommandBody.Import import =>
                (Ask.Import, import.Held + import.Confirmed, [(import.ReservationId, import.Held)]),
            AllocationCommandBody.ForceRelease release =>
                (Ask.ForceRelease, release.Quantity, [(release.ReservationId, 0)]),
            AllocationCommandBody.Approve => (Ask.Approve, null, []),
            AllocationCommandBody.Extend extend => (Ask.Extend, null, [(extend.ReservationId, 0)]),
            // Only this repair is about a reservation, and looks at its version.
            AllocationCommandBody.Repair { Action: "Release", ReservationId: { } id } =>
                (Ask.Repair, null, [(id, 0)]),
            AllocationCommandBody.Repair repair => (Ask.Repair, repair.Quantity, []),
            _ => (Ask.Other, null, []),
        };

    private static long? Sum(IReadOnlyList<HoldLine> lines)
    {
        Int128 sum = 0;
        foreach (var line in lines)
        {
            sum += line.Quantity;
        }
        return sum >= long.MinValue && sum <= long.MaxValue ? (long)sum : null;
    }

    private static AnswerKind Answer(AllocationOutcome outcome) => outcome switch
    {
        { Original: true } => AnswerKind.Original,
        { DuplicateOf: not null } => AnswerKind.Duplicate,
        { CommandId: null } or { CausedBy: not null } => AnswerKind.Caused,
        { Event: AllocationOutcomeEvent.Parked or AllocationOutcomeEvent.PendingApproval } => AnswerKind.Provisional,
        _ => AnswerKind.Refusal,
    };

    /// <summary>The balances of a pool.</summary>
    public static Amounts Balances(Balances b) => new(b.External, b.Free, b.Held, b.Confirmed, b.Consumed, b.Blocked);

    private static Posting[] Postings(IReadOnlyList<LedgerEntry> entries)
    {
        var postings = new Posting[entries.Count * 2];
        for (var i = 0; i < entries.Count; i++)
        {
            var kind = entries[i].Kind == EntryKind.Held ? Events.Held : entries[i].Kind.ToString();
            postings[2 * i] = new Posting(kind, AccountOf(entries[i].From), -entries[i].Quantity);
            postings[(2 * i) + 1] = new Posting(kind, AccountOf(entries[i].To), entries[i].Quantity);
        }
        return postings;
    }

    private static Account AccountOf(Schemas.Allocation.Account account) => account switch
    {
        Schemas.Allocation.Account.External => Account.External,
        Schemas.Allocation.Account.Free => Account.Free,
        Schemas.Allocation.Account.Held => Account.Held,
        Schemas.Allocation.Account.Confirmed => Account.Confirmed,
        Schemas.Allocation.Account.Consumed => Account.Consumed,
        Schemas.Allocation.Account.Blocked => Account.Blocked,
        _ => Account.Unknown,
    };

    private static ObservedReservation[] Reservations(IReadOnlyList<Reservation> after)
    {
        var observed = new ObservedReservation[after.Count];
        for (var i = 0; i < after.Count; i++)
        {
            var r = after[i];
            observed[i] = new ObservedReservation
            {
                Id = r.ReservationId,
                Held = r.Held,
                Confirmed = r.Confirmed,
                Consumed = r.Consumed,
                Returned = r.Returned,
                Released = r.Released,
                Expired = r.Expired,
                Preempted = r.Preempted,
                Granted = r.Granted,
                Version = r.Version,
                Waiting = r.Waiting,
                IsGroupCommitted = r.GroupCommitted,
                Place = (r.EnqueuedAtMs ?? 0, r.WaitOrder),
                Class = r.Class,
                Scopes = ScarcityDecoder.Scopes(r),
                ExpiresAtMs = r.ExpiresAtMs,
                ForgetAtMs = r.ForgetAtMs,
            };
        }
        return observed;
    }
}
