using System.Text;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Confluent.Kafka;

namespace Alloc.Cli.Verify;

/// <summary>
/// Turns records of the contract into what the checker looks at. The only place where it meets the contract.
/// </summary>
internal sealed class ObservationDecoder(ISchemaRegistryClient registry, string prefix)
{
    private readonly AvroSerde<AllocationCommand> commands = Serde<AllocationCommand>(
        registry, prefix + "allocation.commands");
    private readonly AvroSerde<AllocationOutcome> outcomes = Serde<AllocationOutcome>(
        registry, prefix + "allocation.outcomes");
    private readonly AvroSerde<AllocationOutcome> shadow = Serde<AllocationOutcome>(
        registry, prefix + "allocation.shadow.outcomes");
    private readonly AvroSerde<PoolAvailability> availability = Serde<PoolAvailability>(registry,
        prefix + "allocation.availability");

    /// <summary>
    /// A command; one that cannot be read is an observation too: it belongs in the dead-letter topic.
    /// </summary>
    public ObservedCommand Command(ConsumeResult<byte[]?, byte[]?> record)
    {
        var at = PositionOf(record);
        var timestampMs = record.Message.Timestamp.UnixTimestampMs;
        AllocationCommand command;
        try
        {
            command = commands.Deserialize(record.Message.Value);
        }
        catch (AvroException)
        {
            return new ObservedCommand { At = at, TimestampMs = timestampMs, IsReadable = false };
        }
        var (ask, quantity, lines) = Asked(command.Body);
        return new ObservedCommand
        {
            At = at,
            TimestampMs = timestampMs,
            IsReadable = true,
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

    /// <summary>An outcome; null (and a finding) when it cannot be read.</summary>
    public ObservedOutcome? Outcome(ConsumeResult<byte[]?, byte[]?> record, Findings findings) =>
        Outcome(record, outcomes, findings);

    /// <summary>A decision of the shadow; null (and a finding) when it cannot be read.</summary>
    public ObservedOutcome? ShadowOutcome(ConsumeResult<byte[]?, byte[]?> record, Findings findings) =>
        Outcome(record, shadow, findings);

    private static ObservedOutcome? Outcome(
        ConsumeResult<byte[]?, byte[]?> record, AvroSerde<AllocationOutcome> serde, Findings findings)
    {
        var at = PositionOf(record);
        AllocationOutcome outcome;
        try
        {
            outcome = serde.Deserialize(record.Message.Value);
        }
        catch (AvroException e)
        {
            findings.Add(FindingKind.Unreadable, Key(record), at, e.Message);
            return null;
        }
        return new ObservedOutcome
        {
            At = at,
            Key = Key(record),
            PoolId = outcome.PoolId,
            Sequence = outcome.Sequence,
            Source = new Position(outcome.Source.Topic, outcome.Source.Partition, outcome.Source.Offset),
            TimeMs = outcome.TMs,
            Answer = Answer(outcome),
            Event = EventName(outcome.Event),
            CommandId = outcome.CommandId,
            DuplicateOf = outcome.DuplicateOf,
            Reasons = outcome.Event is AllocationOutcomeEvent.Rejected rejected
                ? [.. rejected.Reasons.Select(r => r.Code.ToString())]
                : [],
            Before = Balances(outcome.BalancesBefore),
            After = Balances(outcome.BalancesAfter),
            Postings = Postings(outcome.Entries),
            Reservations = Reservations(outcome.After),
            Steps = ScarcityDecoder.Steps(outcome.Decision),
            PolicyVersion = outcome.PolicyVersion,
            Epoch = outcome.Epoch,
            Subject = ScarcityDecoder.Subject(outcome.Event),
            Quantity = ScarcityDecoder.Quantity(outcome.Event),
            PreemptedBy = outcome.Event is AllocationOutcomeEvent.Preempted preempted
                ? (preempted.By, preempted.ByClass)
                : null,
            Supply = outcome.Event is AllocationOutcomeEvent.SupplyApplied supply
                ? new ObservedSupply(supply.Source, supply.SourceSequence, supply.Version, supply.Through)
                : null,
            Effects = outcome.ConsumeIds.Count == 0
                ? []
                : [.. outcome.ConsumeIds.Select(c => (c.ConsumeId, c.ForgetAtMs))],
            IsStock = outcome.Event is AllocationOutcomeEvent.PoolConfigured configured
                ? configured.Settings.Kind == PoolKind.Stock
                : null,
            Policy = outcome.Event is AllocationOutcomeEvent.PolicyActivated taken
                ? new ObservedPolicy(taken.Version, taken.ContentHash, taken.EffectiveAtMs)
                : null,
            ActorId = outcome.Actor?.Id ?? "",
            Approver = (outcome.Event as AllocationOutcomeEvent.Repaired)?.Approver,
            Transfer = outcome.Event is AllocationOutcomeEvent.AuthorityChanged changed
                ? new ObservedTransfer(changed.Slice, changed.Mode.ToString(), changed.Owner, changed.NewEpoch)
                : null,
            Parts = outcome.Event is AllocationOutcomeEvent.ReservationSplit split ? split.Parts : [],
            Charges = outcome.Charges.Count == 0
                ? []
                : [.. outcome.Charges.Select(c => new ObservedCharge(c.Scope, c.Delta, c.Consumed))],
            Cooldowns = outcome.Cooldowns.Count == 0 ? [] : [.. outcome.Cooldowns.Select(c => (c.Id, c.EndsAtMs))],
        };
    }

    /// <summary>An availability record; null (and a finding) when it cannot be read.</summary>
    public ObservedAvailability? Availability(ConsumeResult<byte[]?, byte[]?> record, Findings findings)
    {
        var at = PositionOf(record);
        if (record.Message.Value is null)
        {
            return new ObservedAvailability(at, Key(record), Key(record), 0, default, IsTombstone: true);
        }
        try
        {
            var read = availability.Deserialize(record.Message.Value);
            return new ObservedAvailability(
                at, Key(record), read.PoolId, read.PoolSequence, Balances(read.Balances), IsTombstone: false);
        }
        catch (AvroException e)
        {
            findings.Add(FindingKind.Unreadable, Key(record), at, e.Message);
            return null;
        }
    }

    public static Position PositionOf(ConsumeResult<byte[]?, byte[]?> record) =>
        new(record.Topic, record.Partition.Value, record.Offset.Value);

    private static string Key(ConsumeResult<byte[]?, byte[]?> record) =>
        record.Message.Key is null ? "" : Encoding.UTF8.GetString(record.Message.Key);

    private static AvroSerde<T> Serde<T>(ISchemaRegistryClient registry, string topic)
        where T : class, IAvroRecord<T> => new(registry, topic + "-value");

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
            AllocationCommandBody.Repair repair => (Ask.Repair, repair.Quantity,
                repair.ReservationId is { } id ? [(id, 0)] : []),
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

    /// <summary>The name of the event: that of its branch of the union.</summary>
    public static string EventName(AllocationOutcomeEvent outcome) => outcome.GetType().Name;

    private static Amounts Balances(Balances b) => new(b.External, b.Free, b.Held, b.Confirmed, b.Consumed, b.Blocked);

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
