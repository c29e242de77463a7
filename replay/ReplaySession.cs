using Alloc.Client;
using Alloc.Client.Kafka;
using Alloc.Schemas.Allocation;

namespace Alloc.Replay;

/// <summary>How a replay runs.</summary>
internal sealed record ReplayOptions
{
    public required long Seed { get; init; }

    /// <summary>How many times faster than the shop's own time; null for as fast as commands are decided.</summary>
    public double? Speed { get; init; }

    /// <summary>Commands under way at most.</summary>
    public int Window { get; init; } = 20_000;

    /// <summary>How long nothing may be decided before the replay gives up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether commands that the journal has decided are sent again, to be answered as repeats.</summary>
    public bool Resend { get; init; }

    /// <summary>The form of the dates of a retail file.</summary>
    public DateForm DateForm { get; init; } = DateForm.Auto;

    public TimeSpan HoldTtl { get; init; } = TimeSpan.FromMinutes(15);

    public TimeSpan LapseTtl { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// Drives a flow against the log. What was decided before is read from the journal first, so that an interrupted replay
/// goes on where it was: there is no progress file that could disagree with the log.
/// </summary>
internal sealed class ReplaySession
{
    private const int RepeatPerMille = 5;
    private const int PollBatch = 4_096;
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan QuietBeforeWarning = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ResendPause = TimeSpan.FromSeconds(1);

    private readonly ReplayOptions options;
    private readonly CommandPipe pipe;
    private readonly TimeProvider time;
    private readonly IReplayFlow flow;
    private readonly ReplayContract contract;
    private readonly Seeded seeded;
    private readonly string prefix;
    private readonly Dictionary<UInt128, bool> decidedBefore = [];
    private readonly Dictionary<string, Pending> pending = new(StringComparer.Ordinal);
    private readonly HashSet<string> expired = new(StringComparer.Ordinal);
    private readonly HashSet<UInt128> own = [];
    private long heardAt;
    private long askedCount;
    private bool hasWarned;

    public ReplaySession(Replayable replay, ReplayOptions options, CommandPipe pipe, TimeProvider time)
    {
        this.options = options;
        this.pipe = pipe;
        this.time = time;
        prefix = replay.Run;
        contract = new ReplayContract(prefix, replay.Service, replay.Source);
        seeded = new Seeded(options.Seed);
        flow = replay.CreateFlow(Ask);
    }

    public IReplayFlow Flow => flow;

    public ReplaySummary Summary { get; } = new();

    /// <summary>Commands sent and not yet answered.</summary>
    public int PendingCount => pending.Count;

    /// <summary>Holds left to lapse that have not expired when the replay ended.</summary>
    public int OverdueCount { get; private set; }

    /// <summary>Called after every batch, for progress.</summary>
    public Action<ReplaySession> OnProgress { get; init; } = static _ => { };

    /// <summary>Called once for each time that nothing is decided for a while.</summary>
    public Action<string> OnQuiet { get; init; } = static _ => { };

    /// <summary>Runs the plan to its end.</summary>
    /// <exception cref="AllocException">Nothing was decided for as long as the patience lasts.</exception>
    public void Run(CancellationToken cancellation)
    {
        heardAt = time.GetTimestamp();
        while (!pipe.IsCaughtUp)
        {
            cancellation.ThrowIfCancellationRequested();
            Drain(IdleWait);
            CheckPatience("the journal is not readable");
        }
        var startedAt = heardAt = time.GetTimestamp();
        while (!flow.IsAtEnd || pending.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            Advance(startedAt);
            var mustWait = pending.Count >= options.Window || flow.IsAtEnd || flow.MustWait;
            Drain(mustWait ? IdleWait : TimeSpan.Zero);
            Recover();
            if (flow.IsAtEnd)
            {
                flow.Finish();
            }
            Summary.Elapsed = time.GetElapsedTime(startedAt);
            OnProgress(this);
        }
        AwaitExpiries(cancellation);
    }

    private void Advance(long startedAt)
    {
        while (!flow.IsAtEnd && !flow.MustWait && pending.Count < options.Window)
        {
            if (options.Speed is { } speed && flow.NextAt is { } at
                && (at - flow.BeganAt) / speed > time.GetElapsedTime(startedAt))
            {
                Drain(IdleWait);
                return;
            }
            flow.Advance();
        }
    }

    private void Ask(ReplayIntent intent, Action<ReplayAnswer> answer)
    {
        if (!options.Resend && decidedBefore.TryGetValue(Fingerprint.Of(intent.CommandId), out var isApplied))
        {
            Summary.AlreadyDecided++;
            answer(new ReplayAnswer(isApplied));
            return;
        }
        var sent = new Pending(intent, answer, time.GetTimestamp(), ++askedCount);
        pending.Add(intent.CommandId, sent);
        Send(intent);
        if (seeded.Next("repeat/" + intent.CommandId, 1000) < RepeatPerMille)
        {
            Summary.Repeated++;
            Send(intent);
        }
    }

    private void Send(ReplayIntent intent)
    {
        Summary.Sent++;
        pipe.Send(contract.Write(intent, time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    private void Drain(TimeSpan wait)
    {
        for (var i = 0; i < PollBatch; i++)
        {
            var outcome = pipe.Poll(i == 0 ? wait : TimeSpan.Zero);
            if (outcome is null)
            {
                return;
            }
            Observe(outcome);
        }
    }

    private void Observe(AllocationOutcome outcome)
    {
        if (outcome.Event is AllocationOutcomeEvent.Expired lapsed)
        {
            if (!IsOwn(outcome.PoolId, lapsed.ReservationId))
            {
                return;
            }
            expired.Add(lapsed.ReservationId);
            Summary.Count(outcome);
            flow.Lose(outcome.PoolId, lapsed.ReservationId);
            return;
        }
        if (outcome.Event is AllocationOutcomeEvent.Preempted preempted)
        {
            if (!IsOwn(outcome.PoolId, preempted.ReservationId))
            {
                return;
            }
            Summary.Count(outcome);
            flow.Lose(outcome.PoolId, preempted.ReservationId);
            return;
        }
        if (outcome.CommandId is not { } id || !id.StartsWith(prefix, StringComparison.Ordinal)
            || id.Length <= prefix.Length
            || id[prefix.Length] != '/')
        {
            return;
        }
        heardAt = time.GetTimestamp();
        hasWarned = false;
        Summary.Count(outcome);
        if (outcome.Event is AllocationOutcomeEvent.Held held)
        {
            foreach (var line in held.Lines)
            {
                own.Add(Key(outcome.PoolId, line.ReservationId));
            }
        }
        if (outcome.Event is AllocationOutcomeEvent.Parked)
        {
            return;
        }
        var isApplied = outcome.Event is not AllocationOutcomeEvent.Rejected;
        if (!pipe.IsCaughtUp || Summary.Sent == 0)
        {
            decidedBefore[Fingerprint.Of(id)] = isApplied;
        }
        if (pending.Remove(id, out var sent))
        {
            Summary.Latency.Record(time.GetElapsedTime(sent.SentAt, heardAt));
            sent.Answer(new ReplayAnswer(isApplied));
        }
    }

    // Others use the same journal, and may use the same pools: what ended without a command of this replay is counted
    // where one of its holds began it.
    private bool IsOwn(string poolId, string reservationId) => own.Contains(Key(poolId, reservationId));

    private static UInt128 Key(string poolId, string reservationId) =>
        Fingerprint.Of(poolId, reservationId);

    /// <summary>
    /// After a broken connection: what has no answer is sent again; what had arrived is answered as a repeat.
    /// </summary>
    private void Recover()
    {
        if (pending.Count == 0)
        {
            heardAt = time.GetTimestamp();
            return;
        }
        if (pipe.HasFailedDeliveries)
        {
            OnQuiet($"Kafka gave up on records; sending the {pending.Count:N0} commands without an answer again");
            Drain(ResendPause);
            pipe.Renew();
            // In their first order: what an item used must not overtake what gave it back.
            foreach (var sent in pending.Values.OrderBy(p => p.Number).ToList())
            {
                Send(sent.Intent);
            }
        }
        CheckPatience($"{pending.Count:N0} commands are undecided");
    }

    private void CheckPatience(string what)
    {
        var quiet = time.GetElapsedTime(heardAt);
        if (quiet > options.Patience)
        {
            throw AllocException.Unavailable(
                $"Nothing was decided for {DurationWords.Show(quiet)}: {what}.",
                "Whether they were decided is unknown. Start broker and engine again and give the same command: it "
                + "goes on from the log.");
        }
        if (quiet > QuietBeforeWarning && !hasWarned)
        {
            hasWarned = true;
            OnQuiet($"nothing decided for {DurationWords.Show(quiet)}: {what}; waiting up to "
                + $"{DurationWords.Show(options.Patience)} for broker and engine");
        }
    }

    private void AwaitExpiries(CancellationToken cancellation)
    {
        var startedAt = time.GetTimestamp();
        var patience = options.LapseTtl + TimeSpan.FromSeconds(30);
        while ((OverdueCount = flow.Lapsing.Count(id => !expired.Contains(id))) > 0
            && time.GetElapsedTime(startedAt) < patience)
        {
            cancellation.ThrowIfCancellationRequested();
            Drain(IdleWait);
        }
    }

    private sealed record Pending(ReplayIntent Intent, Action<ReplayAnswer> Answer, long SentAt, long Number);
}
