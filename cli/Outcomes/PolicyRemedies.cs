using Alloc.Cli.CommandLine;
using Alloc.Schemas.Allocation;
using static Alloc.Cli.Outcomes.Remedies;

namespace Alloc.Cli.Outcomes;

/// <summary>What would have made a command pass that the policy forbids.</summary>
internal static class PolicyRemedies
{
    public static string? Of(Reason reason, Dictionary<NumberName, long> n) => reason.Code switch
    {
        ReasonCode.PolicyForbids => Forbidden(reason.Detail, n),
        ReasonCode.TtlExceedsMaximum => Has(n, NumberName.Maximum) is { } ttl
            ? $"--ttl of at most {Duration.ShowMs(ttl)}"
            : "a shorter --ttl",
        ReasonCode.ExtensionLimit => "a confirmation, or a new hold: this one was extended as often as it may be",
        ReasonCode.DegradedMode => "waiting until the degraded mode is switched off; alloc mode get shows it",
        ReasonCode.ClassMustWait =>
            $"a place in line (--mode waitlist): the degraded mode {reason.Detail} lets this class wait; alloc mode "
            + "get shows it",
        ReasonCode.InvalidPolicy => "a document that alloc policy validate accepts, sent by alloc policy apply",
        ReasonCode.PolicyConflict => "a version of its own: alloc policy get shows the last one",
        ReasonCode.ExceedsMaximumCapacity => Has(n, NumberName.Maximum) is { } maximum
            ? $"{Words.UnitsOrFewer(maximum)}: no request of this pool can ever get more"
            : "fewer units: no request of this pool can ever get so many",
        ReasonCode.QuotaExceeded => Quota(reason, n),
        ReasonCode.ScopeRequired =>
            $"--{reason.Scope ?? "customer"} NAME: the quota {reason.Detail} counts what each {reason.Scope} has, and "
            + "grants nothing to nobody",
        _ => null,
    };

    private static string Forbidden(string detail, Dictionary<NumberName, long> n)
    {
        if (Has(n, NumberName.ClosesAt) is { } closed)
        {
            return $"nothing any more: the pool closed at {Words.Time(closed)}";
        }
        if (Has(n, NumberName.TtlMs) is not null && Has(n, NumberName.Minimum) is { } least)
        {
            return $"--ttl of at least {Duration.ShowMs(least)}";
        }
        return detail switch
        {
            "confirmed units are not revocable" =>
                "alloc reservation force-release, which another person approves; or a return after consumption",
            "the policy offers no waitlist" => "--mode all-or-nothing or partial: nobody waits for this pool",
            "waitUntil is over" => "a waiting time that is not over yet",
            _ when detail.StartsWith("the policy knows no class", StringComparison.Ordinal) =>
                "one of the classes that alloc policy get shows, or none: then the policy's class table decides",
            _ when detail.StartsWith("the policy knows no mode", StringComparison.Ordinal) =>
                "a mode of the policy's modes table; alloc policy get --document shows it",
            _ when detail.Contains("actors of type Operator", StringComparison.Ordinal) =>
                "an operator with a name (--actor)",
            _ when detail.Contains("wait for an approval", StringComparison.Ordinal) =>
                "approvals of those that wait first",
            _ when detail.StartsWith("a pool with units keeps", StringComparison.Ordinal) =>
                "a new pool: what this one is was settled by its first units",
            _ => "another row of the policy; alloc policy get shows the one in force",
        };
    }

    private static string Quota(Reason reason, Dictionary<NumberName, long> n)
    {
        var scope = reason.Scope ?? "the scope";
        var limit = Has(n, NumberName.Limit);
        var used = Has(n, NumberName.Used);
        var left = limit - used;
        if (limit is 0)
        {
            return $"a policy that gives {scope} units here: its quota is 0";
        }
        var fewer = left is > 0 and var units ? Words.UnitsOrFewer(units) : null;
        if (limit < Has(n, NumberName.Requested))
        {
            return Joined(fewer, $"a quota of more than {limit}: waiting is not enough");
        }
        return Joined(
            fewer,
            $"waiting until {scope} gives units back"
                + (used is not null && limit is not null ? $": it uses {used} of {limit}" : ""));
    }
}
