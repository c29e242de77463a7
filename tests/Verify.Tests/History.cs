using Alloc.Verify;

namespace Verify.Tests;

/// <summary>
/// A small, sound history of one partition, written by hand: supply, holds, a confirmation, an expiry, a rejection, a
/// repeat. Tests damage it in one place and expect the checker to say so.
/// </summary>
internal sealed class History
{
    public const string Commands = "allocation.commands";
    public const string Journal = "allocation.outcomes";
    public const string Pool = "seats-A";

    /// <summary>How long a command id is remembered, in milliseconds.</summary>
    public const long MemoryMs = 86_400_000;

    private static readonly Position Nowhere = new(Commands, 0, -1);
    private readonly Dictionary<string, ObservedReservation> reservations = [];
    private Amounts balances;
    private long sequence;
    private long offset;
    private long partitionSequence;

    public List<ObservedCommand> CommandLog { get; } = [];

    public List<ObservedOutcome> Outcomes { get; } = [];

    public List<ObservedAvailability> Availability { get; } = [];

    public Dictionary<Position, ObservedDeadLetter> DeadLetters { get; } = [];

    public long? CommittedOffset { get; set; }

    /// <summary>
    /// 100 in stock; r1 held 2 and confirmed; r2 held 3, expired; 200 refused; r1's hold repeated; r3 held 5.
    /// </summary>
    public static History Sound()
    {
        var history = new History();
        history.Supply("supply", 100, timeMs: 1_000);
        history.Hold("hold-1", "r1", 2, timeMs: 2_000, expiresAtMs: 60_000);
        history.Hold("hold-2", "r2", 3, timeMs: 2_500, expiresAtMs: 5_000);
        history.Confirm("confirm-1", "r1", 2, timeMs: 3_000);
        history.Tick(timeMs: 5_000, expires: "r2");
        history.Refuse("hold-200", "r200", 200, timeMs: 6_000);
        history.Repeat("hold-1", timeMs: 6_500);
        history.Hold("hold-3", "r3", 5, timeMs: 7_000, expiresAtMs: 90_000);
        history.Publish();
        return history;
    }

    /// <summary>Publishes what the pool has now.</summary>
    public void Publish()
    {
        Availability.Clear();
        Availability.Add(new ObservedAvailability(
            new Position("allocation.availability", 0, sequence), Pool, Pool, sequence, balances, false));
    }

    public void Supply(string id, long quantity, long timeMs) =>
        Answer(Ask(id, Alloc.Verify.Ask.Other, timeMs), "SupplyApplied", timeMs, Move("SupplyAdded",
            Account.External, Account.Free, quantity), []);

    public void Hold(string id, string reservation, long quantity, long timeMs, long expiresAtMs) => Answer(
        Ask(id, Alloc.Verify.Ask.Hold, timeMs, reservation, quantity), "Held", timeMs,
        Move("Held", Account.Free, Account.Held, quantity),
        [new ObservedReservation { Id = reservation, Held = quantity, Granted = quantity, Version = 1,
            ExpiresAtMs = expiresAtMs }]);

    public void Confirm(string id, string reservation, long quantity, long timeMs)
    {
        var held = reservations[reservation];
        Answer(
            Ask(id, Alloc.Verify.Ask.Confirm, timeMs, reservation, quantity), "Confirmed", timeMs,
            Move("HoldConfirmed", Account.Held, Account.Confirmed, quantity),
            [held with { Held = held.Held - quantity, Confirmed = held.Confirmed + quantity, Version = held.Version + 1,
                ExpiresAtMs = null }]);
    }

    public void Consume(string id, string reservation, long quantity, long timeMs)
    {
        var confirmed = reservations[reservation];
        Answer(
            Ask(id, Alloc.Verify.Ask.Other, timeMs), "Consumed", timeMs,
            Move("Consumed", Account.Confirmed, Account.Consumed, quantity),
            [confirmed with { Confirmed = confirmed.Confirmed - quantity, Consumed = confirmed.Consumed + quantity,
                Version = confirmed.Version + 1 }]);
    }

    /// <summary>An outcome of any kind; the last argument completes it.</summary>
    public void Put(
        ObservedCommand command, string what, IReadOnlyList<Posting> postings,
        IReadOnlyList<ObservedReservation> after, Func<ObservedOutcome, ObservedOutcome>? with = null,
        AnswerKind answer = AnswerKind.Original)
    {
        var id = answer == AnswerKind.Caused ? null : command.CommandId;
        Append(command.At, answer, id, what, command.TimestampMs, postings, after, [], null);
        Outcomes[^1] = with is null ? Outcomes[^1] : with(Outcomes[^1]);
    }

    /// <summary>A transfer of authority that the partition took.</summary>
    public void Transfer(string id, ObservedTransfer transfer, long timeMs)
    {
        const string partition = "$partition/0";
        Outcomes.Add(new ObservedOutcome
        {
            At = new Position(Journal, 0, offset++),
            Key = partition,
            PoolId = partition,
            Sequence = ++partitionSequence,
            Source = Ask(id, Alloc.Verify.Ask.Other, timeMs).At,
            TimeMs = timeMs,
            Answer = AnswerKind.Original,
            Event = "AuthorityChanged",
            CommandId = id,
            RememberUntilMs = timeMs + MemoryMs,
            Transfer = transfer,
        });
    }

    /// <summary>A policy that the partition took and that acts from now on.</summary>
    public void TakePolicy(int version, long timeMs, string hash = "hash") => Put(
        Ask($"policy/{version}/{hash}", Alloc.Verify.Ask.Other, timeMs), "PolicyActivated", [], [],
        o => o with { Policy = new ObservedPolicy(version, hash, timeMs) });

    /// <summary>The last state of a reservation.</summary>
    public ObservedReservation Of(string reservation) => reservations[reservation];

    public void Refuse(string id, string reservation, long quantity, long timeMs) => Answer(
        Ask(id, Alloc.Verify.Ask.Hold, timeMs, reservation, quantity), "Rejected", timeMs, [], [],
            reasons: ["InsufficientAvailability"]);

    public void Tick(long timeMs, string expires)
    {
        var tick = Ask("", Alloc.Verify.Ask.Tick, timeMs);
        var held = reservations[expires];
        Append(tick.At, AnswerKind.Caused, null, "Expired", timeMs, Move(
            "HoldExpired", Account.Held, Account.Free, held.Held),
            [held with { Held = 0, Expired = held.Held, Version = held.Version + 1, ExpiresAtMs = null }], [], null);
    }

    public void Repeat(string id, long timeMs)
    {
        var first = CommandLog.First(c => c.CommandId == id);
        var original = Outcomes.First(o => o.CommandId == id);
        var again = first with { At = NextPosition(), TimestampMs = timeMs };
        CommandLog.Add(again);
        Append(again.At, AnswerKind.Duplicate, id, original.Event, timeMs, [], [], [], original.OutcomeId);
    }

    /// <summary>Whether outcomes were appended while the history was read.</summary>
    public bool JournalMovedOn { get; set; }

    /// <summary>Whether the journal is the shadow's.</summary>
    public bool IsShadow { get; set; }

    /// <summary>What the last check counted.</summary>
    public PartitionCounts? Counts { get; private set; }

    public Findings Check()
    {
        var findings = new Findings();
        var commands = new Queue<ObservedCommand>(CommandLog);
        var committed = new Dictionary<string, long>
        {
            [Commands] = IsShadow ? 0 : CommittedOffset ?? CommandLog.Count,
        };
        var checker = new PartitionChecker(0, new PartitionFacts
        {
            Commands = new Dictionary<string, Func<ObservedCommand?>>
            {
                [Commands] = () => commands.TryDequeue(out var next) ? next : null,
            },
            CommittedFirst = committed,
            CommittedLast = committed,
            FirstOffsets = new Dictionary<string, long> { [Commands] = 0 },
            DeadLetters = DeadLetters,
            IsShadow = IsShadow,
        }, findings);
        foreach (var outcome in Outcomes)
        {
            checker.Observe(outcome);
        }
        checker.Complete();
        checker.CheckAvailability(Availability.ToDictionary(a => a.PoolId), JournalMovedOn);
        Counts = checker.Counts;
        return findings;
    }

    /// <summary>Publishes what the pool has, checks, and expects these kinds of findings and no others.</summary>
    public void Expect(IEnumerable<FindingKind> kinds)
    {
        Publish();
        var found = Check().Kept;
        Assert.True(
            kinds.Order().SequenceEqual(found.Select(f => f.Kind).Distinct().Order()),
            $"expected {string.Join(", ", kinds)}; found {string.Join("\n", found)}");
    }

    /// <summary>Replaces one outcome by a damaged copy.</summary>
    public void Damage(string commandId, Func<ObservedOutcome, ObservedOutcome> damage)
    {
        var index = Outcomes.FindIndex(o => o.CommandId == commandId && o.Answer == AnswerKind.Original);
        Outcomes[index] = damage(Outcomes[index]);
    }

    public static IReadOnlyList<Posting> Move(string entry, Account from, Account to, long quantity) =>
        [new Posting(entry, from, -quantity), new Posting(entry, to, quantity)];

    public ObservedCommand Ask(string id, Ask ask, long timeMs, string? reservation = null, long? quantity = null)
    {
        var command = new ObservedCommand
        {
            At = NextPosition(),
            TimestampMs = timeMs,
            IsReadable = true,
            CommandId = id,
            PoolId = Pool,
            Ask = ask,
            Quantity = quantity,
            IsAllOrNothing = true,
            Lines = reservation is null ? [] : [(reservation, quantity ?? 0)],
        };
        CommandLog.Add(command);
        return command;
    }

    private Position NextPosition() => new(Commands, Nowhere.Partition, CommandLog.Count);

    private void Answer(
        ObservedCommand command, string what, long timeMs, IReadOnlyList<Posting> postings,
        IReadOnlyList<ObservedReservation> after, IReadOnlyList<string>? reasons = null) =>
        Append(command.At, AnswerKind.Original, command.CommandId, what, timeMs, postings, after, reasons ?? [], null);

    private void Append(
        Position source, AnswerKind answer, string? commandId, string what, long timeMs,
        IReadOnlyList<Posting> postings,
        IReadOnlyList<ObservedReservation> after, IReadOnlyList<string> reasons, string? duplicateOf)
    {
        var before = balances;
        balances = postings.Aggregate(balances, (sum, posting) => sum.With(posting));
        foreach (var reservation in after)
        {
            reservations[reservation.Id] = reservation;
        }
        Outcomes.Add(new ObservedOutcome
        {
            At = new Position(Journal, 0, offset++),
            Key = Pool,
            PoolId = Pool,
            Sequence = ++sequence,
            Source = source,
            TimeMs = timeMs,
            Answer = answer,
            Event = what,
            CommandId = commandId,
            RememberUntilMs = answer is AnswerKind.Original or AnswerKind.Provisional ? timeMs + MemoryMs : null,
            DuplicateOf = duplicateOf,
            Reasons = reasons,
            Before = before,
            After = balances,
            Postings = postings,
            Reservations = after,
        });
    }
}
