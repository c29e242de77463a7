using System.Globalization;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// The life of a mismatch: what each word of the comparisons makes of it.
/// <code>
///             ┌────────────── refused, or unproven after 5 min (3 times at most, then the exception queue)
///             ▼                                        │
/// Opened ─► Open ─► Proposed ─► Approved ─► Repairing ─┴─► Repaired      (the comparison agrees again)
///             │          │          │
///             ├──────────┴──────────┴─► Accepted ─► Open               (when its time is over)
///             └─► and from each but Repairing ─► ClosedBySelf          (the comparison agrees, unrepaired)
/// </code>
/// The comparison alone says that something is repaired; the answer to a repair's command does not. A mismatch keeps
/// the row of the catalogue that it was opened under. Pure: no store, no clock.
/// </summary>
internal static class MismatchLife
{
    /// <summary>Who acts where no person does.</summary>
    public const string Self = "reconciliation";

    /// <summary>After a failed attempt the comparison has this long to speak before the next is thought of.</summary>
    public static readonly TimeSpan CompareTime = TimeSpan.FromSeconds(60);

    /// <summary>An attempt whose difference still stands after this did not repair it.</summary>
    public static readonly TimeSpan ProofTime = TimeSpan.FromMinutes(5);

    /// <summary>How long a closed one is kept: at least as long as its differences can come again.</summary>
    public static readonly TimeSpan ClosedTime = TimeSpan.FromDays(7);

    /// <summary>Whether it is over.</summary>
    public static bool IsClosed(Mismatch row) => row.ClosedAtMs is not null;

    /// <summary>A difference stands that was not known.</summary>
    /// <param name="said">The difference, which has a scope and both sides.</param>
    /// <param name="row">The row of its class.</param>
    /// <param name="catalogueVersion">Version of the catalogue that the row is of.</param>
    /// <param name="repair">What its repair needs.</param>
    /// <param name="previous">The mismatch of the same class and scope that was closed last.</param>
    /// <param name="nowMs">When it is taken.</param>
    public static MismatchStep Open(
        Difference said, MismatchClassRow row, int catalogueVersion, RepairOffer repair, string? previous, long nowMs)
    {
        var step = new MismatchStep(
            new KeptMismatch
            {
                Mismatch = new Mismatch
                {
                    MismatchId = said.MismatchId,
                    Class = said.Class,
                    Scope = said.Scope!,
                    Episode = said.Episode,
                    State = MismatchState.Open,
                    Left = said.Left!,
                    Right = said.Right!,
                    WatermarkMs = said.WatermarkMs ?? said.AtMs,
                    ToleranceMs = said.ToleranceMs,
                    ToleranceRule = said.ToleranceRule,
                    Lag = said.Lag,
                    SinceMs = said.SinceMs ?? said.AtMs,
                    OpenedAtMs = nowMs,
                    ChangedAtMs = nowMs,
                    Severity = Severities.NameOf(row.Severity),
                    Owner = said.Owner ?? row.Owner,
                    Runbook = row.Runbook,
                    CatalogueVersion = catalogueVersion,
                    Repair = repair.Shown,
                    Previous = previous,
                },
                Automatic = row.Repair,
                RepairCap = row.RepairCap,
                Facts = repair.Facts,
                NoRepairWhy = repair.NoRepairWhy,
                Choices = repair.Choices,
            }, nowMs);
        step.Tell(MismatchEventKind.Opened, Self, SidesOf(said));
        MismatchRouting.Route(step);
        return step;
    }

    /// <summary>A difference is said to stand again: with other numbers, or compared again after an attempt.</summary>
    public static void Stand(MismatchStep step, Difference said, RepairOffer repair)
    {
        if (IsClosed(step.Row))
        {
            return;
        }
        var isChanged = !SaysTheSame(step.Kept, said, repair);
        if (isChanged)
        {
            Change(step, said, repair);
        }
        var isComparedAgain = step.Kept.CompareUntilMs is not null;
        if (step.Row.State == MismatchState.Open && step.Kept.Queued == QueueCause.Unknown && isComparedAgain)
        {
            MismatchRouting.Route(step);
        }
    }

    /// <summary>The sides agree again.</summary>
    public static void End(MismatchStep step, string? why)
    {
        var row = step.Row;
        if (IsClosed(row))
        {
            return;
        }
        var isRepaired = row.State != MismatchState.Accepted && step.Kept.LastAttempt
            is AttemptStanding.Sent or AttemptStanding.Answered or AttemptStanding.Unproven;
        step.Row = row with
        {
            State = isRepaired ? MismatchState.Repaired : MismatchState.ClosedBySelf,
            ClosedAtMs = step.NowMs,
            Exception = null,
        };
        step.Kept = step.Kept with { Queued = QueueCause.Unknown, IsOverdue = false, CompareUntilMs = null };
        step.Tell(new MismatchEvent
        {
            MismatchId = row.MismatchId,
            AtMs = step.NowMs,
            Kind = isRepaired ? MismatchEventKind.Repaired : MismatchEventKind.ClosedBySelf,
            Actor = Self,
            Detail = why ?? "the sides agree again",
            Attempt = isRepaired ? row.Attempts : 0,
        });
    }

    /// <summary>
    /// The last attempt was decided. An answer that does nothing by itself (an approval is awaited, or was given), or
    /// one to an earlier attempt, changes nothing.
    /// </summary>
    public static void Answer(MismatchStep step, RepairAnswer answer)
    {
        var row = step.Row;
        if (row.State != MismatchState.Repairing || answer.Attempt != row.Attempts
            || step.Kept.LastAttempt != AttemptStanding.Sent || Answers.AreNeutral(answer, row.Repair!.Kind))
        {
            return;
        }
        if (!Answers.Refuse(answer))
        {
            step.Kept = step.Kept with { LastAttempt = AttemptStanding.Answered };
            return;
        }
        var reasons = Answers.ReasonsOf(answer);
        Fail(step, AttemptStanding.Refused, reasons, new MismatchEvent
        {
            MismatchId = row.MismatchId,
            AtMs = step.NowMs,
            Kind = MismatchEventKind.RepairRefused,
            Actor = Self,
            Detail = reasons,
            Attempt = answer.Attempt,
            OutcomeId = answer.OutcomeId,
        });
    }

    /// <summary>The difference stands although the attempt had time enough.</summary>
    public static void Doubt(MismatchStep step)
    {
        var answered = step.Kept.LastAttempt == AttemptStanding.Answered ? "it was done" : "it was not answered";
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"{answered}, and the difference still stands {ProofTime.TotalMinutes:0} min after it was sent");
        Fail(step, AttemptStanding.Unproven, words, new MismatchEvent
        {
            MismatchId = step.Row.MismatchId,
            AtMs = step.NowMs,
            Kind = MismatchEventKind.RepairUnproven,
            Actor = Self,
            Detail = words,
            Attempt = step.Row.Attempts,
        });
    }

    /// <summary>Its approved repair is sent.</summary>
    /// <param name="step">The mismatch.</param>
    /// <param name="commandId">Id of the command.</param>
    /// <param name="detail">What is sent, in words.</param>
    public static void Send(MismatchStep step, string commandId, string detail)
    {
        var attempt = checked(step.Row.Attempts + 1);
        step.Row = step.Row with { State = MismatchState.Repairing, Attempts = attempt };
        step.Kept = step.Kept with { LastAttempt = AttemptStanding.Sent, SentAtMs = step.NowMs, CompareUntilMs = null };
        step.Tell(new MismatchEvent
        {
            MismatchId = step.Row.MismatchId,
            AtMs = step.NowMs,
            Kind = MismatchEventKind.RepairSent,
            Actor = step.Row.Approver ?? Self,
            Detail = detail,
            Attempt = attempt,
            CommandId = commandId,
        });
    }

    // What differs replaces what was known. A repair that was asked for or approved stays so, unless it is another one
    // by now: nobody wanted that.
    private static void Change(MismatchStep step, Difference said, RepairOffer repair)
    {
        var isAnother = step.Row.Repair?.Kind != repair.Shown?.Kind;
        step.Row = step.Row with
        {
            Left = said.Left!,
            Right = said.Right!,
            WatermarkMs = said.WatermarkMs ?? said.AtMs,
            Repair = step.Row.State == MismatchState.Repairing ? step.Row.Repair : repair.Shown,
        };
        step.Kept = step.Kept with
        {
            Facts = repair.Facts,
            NoRepairWhy = repair.NoRepairWhy,
            Choices = repair.Choices,
        };
        if (step.Row.Exception is { } exception)
        {
            var why = step.Kept.Queued == QueueCause.NoRepair ? repair.NoRepairWhy : exception.Why;
            step.Row = step.Row with { Exception = exception with { Why = why, Choices = repair.Choices } };
        }
        var isUndecided = step.Row.State is MismatchState.Proposed or MismatchState.Approved
            || step.Kept.Queued == QueueCause.NoRepair;
        if (isAnother && isUndecided)
        {
            step.Row = step.Row with
            {
                State = MismatchState.Open,
                ProposedBy = null,
                Approver = null,
                Exception = null,
            };
            step.Kept = step.Kept with { Queued = QueueCause.Unknown, IsOverdue = false };
        }
        step.Tell(MismatchEventKind.Changed, Self, SidesOf(said));
        if (isAnother && isUndecided)
        {
            MismatchRouting.Route(step);
        }
    }

    private static void Fail(MismatchStep step, AttemptStanding standing, string words, MismatchEvent told)
    {
        var row = step.Row;
        var tried = string.Create(
            CultureInfo.InvariantCulture, $"attempt {row.Attempts}: {row.Repair!.Summary}: {words}");
        // What was learned of the repair meanwhile counts for the next attempt.
        step.Kept = step.Kept with { Tried = [.. step.Kept.Tried, tried], LastAttempt = standing };
        step.Row = row with
        {
            State = MismatchState.Open,
            ProposedBy = null,
            Approver = null,
            Repair = Repairs.Shown(step.Kept.Facts),
        };
        step.Tell(told);
        if (step.Kept.Tried.Count >= MismatchRouting.MaximumAttempts)
        {
            MismatchRouting.Route(step);
        }
        else
        {
            step.Kept = step.Kept with
            {
                CompareUntilMs = checked(step.NowMs + (long)CompareTime.TotalMilliseconds),
            };
        }
    }

    private static bool SaysTheSame(KeptMismatch kept, Difference said, RepairOffer repair) =>
        kept.Mismatch.Left.Numbers.SequenceEqual(said.Left!.Numbers)
        && kept.Mismatch.Right.Numbers.SequenceEqual(said.Right!.Numbers)
        && Repairs.AreSame(kept.Facts, repair.Facts) && kept.NoRepairWhy == repair.NoRepairWhy
        && kept.Choices.SequenceEqual(repair.Choices);

    private static string SidesOf(Difference said) =>
        $"{said.Left!.Name}: {said.Left.Says}; {said.Right!.Name}: {said.Right.Says}";
}
