using Alloc.Processors.Allocation.Ledger.Partition;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Scarcity;

/// <summary>What can bar a grant, in the order in which it is looked at.</summary>
internal enum GrantBar
{
    /// <summary>Nothing does.</summary>
    None,

    /// <summary>Another system decides about the pool, or it is frozen.</summary>
    Authority,

    /// <summary>A degraded mode rejects holds.</summary>
    DegradedMode,

    /// <summary>A degraded mode lets requests of the class wait.</summary>
    ClassMustWait,

    /// <summary>The pool is closed.</summary>
    Closed,

    /// <summary>The wait is over: its own timer is due and has not fired yet.</summary>
    WaitIsOver,

    /// <summary>The policy knows neither the class nor what it counts as.</summary>
    UnknownClass,

    /// <summary>More than one request of the pool can ever get.</summary>
    LargestRequest,

    /// <summary>A quota has no room for it.</summary>
    Quota,

    /// <summary>Too few units are there for its class: promised, kept for higher classes, or lacking.</summary>
    Units,

    /// <summary>It would pass somebody who waits.</summary>
    WaitersAhead,
}

/// <summary>
/// The one list of what bars a grant: of a hold and each of its lines, an increase, a reacquisition, a promotion and a
/// waiter's turn to take. Commands are told every bar of a tier, as reasons; of those that wait the first one is asked
/// for, and a promotion is checked like a command all the same. <c>docs/domain.md</c> has a table of every bar and
/// every way to a grant.
/// </summary>
internal static class GrantBars
{
    /// <summary>What bars every grant of the pool, whoever asks.</summary>
    public static GrantBar OfPool(Decision d) =>
        !AuthorityRules.MayGrant(d) ? GrantBar.Authority
        : ModeRules.RejectsHolds(d) is not null ? GrantBar.DegradedMode
        : IsClosed(d) ? GrantBar.Closed : GrantBar.None;

    /// <summary>What bars one who waits whatever the pool has: it is passed over, and stands in nobody's way.</summary>
    public static GrantBar OfWaiter(Decision d, Reservation waiter)
    {
        if (waiter.WaitUntilMs <= d.T)
        {
            return GrantBar.WaitIsOver;
        }
        var owner = GrantOwner.Of(waiter);
        return !IsClassKnown(d, owner.Class) ? GrantBar.UnknownClass
            : ModeRules.Bars(d, owner.Class) is { } mode ? OfMode(mode)
            : !Fits(d, waiter.Waiting) ? GrantBar.LargestRequest
            : QuotaRules.Room(d, owner) < waiter.Waiting ? GrantBar.Quota : GrantBar.None;
    }

    /// <summary>The first that bars the promotion of one who waits.</summary>
    public static GrantBar Of(Decision d, Reservation waiter)
    {
        var bar = OfPool(d);
        if (bar == GrantBar.None)
        {
            bar = OfWaiter(d, waiter);
        }
        return bar == GrantBar.None && Grants.Now(d, waiter.Class).Available < waiter.Waiting ? GrantBar.Units : bar;
    }

    /// <summary>
    /// Whether a request can never be granted while policy and pool are as they are: what can never fit does not wait.
    /// </summary>
    public static bool CanNeverFit(Decision d, in GrantOwner owner, long quantity) =>
        !Fits(d, quantity) || QuotaRules.CanNeverFit(d, owner, quantity);

    /// <summary>Tier 3: whether the pool hands out anything at all now, to this class.</summary>
    /// <param name="d">The decision.</param>
    /// <param name="priorityClass">The class of a reservation; null where a command names classes itself.</param>
    public static void CheckOffer(Decision d, string? priorityClass = null)
    {
        if (ModeRules.RejectsHolds(d) is { } mode)
        {
            FailMode(d, mode, reservationId: null);
        }
        else if (priorityClass is not null)
        {
            CheckModeFor(d, priorityClass);
        }
        if (d.Pool.Settings.ClosesAtMs is { } closesAt)
        {
            var isClosed = IsClosed(d);
            d.Look(ClosedStep(d, closesAt, isClosed ? RuleResult.Failed : RuleResult.Passed));
            if (isClosed)
            {
                d.Fail(
                    ReasonCode.PolicyForbids, "the pool is closed", null, N(NumberName.ClosesAt, closesAt),
                    N(NumberName.Time, d.T));
            }
        }
        if (priorityClass is not null && !IsClassKnown(d, priorityClass))
        {
            d.Look(Step(DecisionRule.Class, RuleResult.Failed, priorityClass));
            d.Fail(ReasonCode.PolicyForbids, $"the policy knows no class {priorityClass}");
        }
    }

    /// <summary>Tier 3: whether a mode rejects holds of a class, but not of every one.</summary>
    public static void CheckModeFor(Decision d, string priorityClass, string? reservationId = null)
    {
        if (ModeRules.Bars(d, priorityClass) is { Effect: ModeEffect.RejectHolds } mode
            && !d.IsRejectedFor(ReasonCode.DegradedMode))
        {
            FailMode(d, mode, reservationId);
        }
    }

    /// <summary>Tier 6: whether a mode lets requests of a class wait; what need not be granted now may.</summary>
    public static void CheckMayBeServed(Decision d, string priorityClass, string? reservationId)
    {
        if (ModeRules.Bars(d, priorityClass) is { Effect: ModeEffect.WaitlistClasses } mode)
        {
            d.Look(Step(DecisionRule.Mode, RuleResult.Failed, mode.Id));
            d.Fail(ReasonCode.ClassMustWait, mode.Mode, reservationId);
        }
    }

    /// <summary>Tier 4: what can never fit.</summary>
    public static void CheckCapacity(Decision d, long total)
    {
        if (d.Pool.Settings.MaximumCapacity is not { } maximum)
        {
            return;
        }
        var fits = Fits(d, total);
        d.Look(Step(
            DecisionRule.MaximumCapacity, fits ? RuleResult.Passed : RuleResult.Failed, "",
            N(NumberName.Requested, total), N(NumberName.Maximum, maximum)));
        if (!fits)
        {
            d.Fail(
                ReasonCode.ExceedsMaximumCapacity, "", null, N(NumberName.Requested, total),
                N(NumberName.Maximum, maximum));
        }
    }

    /// <summary>Whether the closing time of the pool has come.</summary>
    public static bool IsClosed(Decision d) => d.Pool.Settings.ClosesAtMs <= d.T;

    /// <summary>What a closing time does to a decision.</summary>
    public static DecisionStep ClosedStep(Decision d, long closesAt, RuleResult result) => Step(
        DecisionRule.Closed, result, "", N(NumberName.ClosesAt, closesAt), N(NumberName.Time, d.T));

    /// <summary>Most that one request of the pool can get.</summary>
    public static long LargestRequest(Decision d) => d.Pool.Settings.MaximumCapacity ?? long.MaxValue;

    private static void FailMode(Decision d, ModeRow mode, string? reservationId)
    {
        d.Look(Step(DecisionRule.Mode, RuleResult.Failed, mode.Id));
        d.Fail(ReasonCode.DegradedMode, mode.Mode, reservationId);
    }

    private static GrantBar OfMode(ModeRow mode) =>
        mode.Effect == ModeEffect.RejectHolds ? GrantBar.DegradedMode : GrantBar.ClassMustWait;

    private static bool Fits(Decision d, long quantity) => quantity <= LargestRequest(d);

    // A class that a policy dropped counts as the one that it is mapped to.
    private static bool IsClassKnown(Decision d, string priorityClass) =>
        d.Policy.HasClass(d.Policy.ClassToday(priorityClass));
}
