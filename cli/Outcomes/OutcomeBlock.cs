using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Schemas.Allocation;
using Spectre.Console;

namespace Alloc.Cli.Outcomes;

/// <summary>An outcome as a block that a person reads at a glance, and its decision trace for who asks why.</summary>
internal static class OutcomeBlock
{
    public static void Write(IAnsiConsole console, AllocationOutcome outcome)
    {
        var summary = OutcomeSummary.Of(outcome);
        var (symbol, style) = summary.Mood switch
        {
            Mood.Good => ("✔", "green"),
            Mood.Bad => ("✘", "red"),
            _ => ("•", "yellow"),
        };
        var subject = summary.ReservationId is { } id ? $"{id}  " : "";
        console.MarkupLine(
            $"[{style}]{symbol} [bold]{Markup.Escape(summary.Event)}[/][/]  "
            + $"{Markup.Escape(TableText.Visible($"{subject}{summary.Detail}"))}  "
            + $"[dim]{Markup.Escape(TableText.Visible($"pool {outcome.RequestedPoolId ?? outcome.PoolId}"))}[/]");
        if (outcome.DuplicateOf is { } original)
        {
            Fields.Write(console, "repeat", $"the answer that {original} gave before; nothing was done again");
        }
        if (outcome.Event is AllocationOutcomeEvent.Rejected rejected)
        {
            foreach (var reason in rejected.Reasons)
            {
                Fields.Write(console, "because", ReasonText(reason));
            }
        }
        if (Expiry(outcome) is { } expiresAt)
        {
            Fields.Write(
                console,
                "expires",
                outcome.DuplicateOf is null
                    ? $"{Words.Time(expiresAt)}, {Duration.ShowMs((Int128)expiresAt - outcome.TMs)} "
                        + "after the decision"
                    : Words.Time(expiresAt));
        }
        Fields.Write(console, "balances", BalanceText(outcome.BalancesBefore, outcome.BalancesAfter));
        Fields.Write(console, "outcome", $"{outcome.PoolId}#{outcome.Sequence} at {Words.Time(outcome.TMs)}");
        if (outcome.CommandId is { } command)
        {
            Fields.Write(console, "command", command);
        }
    }

    /// <summary>What would have made each reason go away and when that is expected, or what comes next.</summary>
    public static void WriteAdvice(IAnsiConsole console, IReadOnlyList<Advice> advice)
    {
        foreach (var one in advice)
        {
            var what = advice.Count > 1 && one.Reason is { } code ? $"{Words.Spaced(code.ToString())}: " : "";
            Fields.Write(console, one.Kind, what + one.Text);
        }
    }

    /// <summary>Who asked, in whose wake it happened, and under which policy.</summary>
    public static void WriteOrigin(IAnsiConsole console, AllocationOutcome outcome)
    {
        if (outcome.Actor is { } actor)
        {
            Fields.Write(console, "asked by", $"{actor.Id}, {actor.Type.ToString().ToLowerInvariant()}"
                + (actor.Channel is { } channel ? $", channel {channel}" : "")
                + (actor.Tier is { } tier ? $", tier {tier}" : ""));
        }
        if (outcome.CausedBy is { } cause)
        {
            Fields.Write(console, "because of", cause.PoolId == "$tick"
                ? "time that went by: it fell due"
                : $"command {cause.CommandId}"
                    + (cause.PoolId == outcome.PoolId ? "" : $" of pool {cause.PoolId}"));
        }
        Fields.Write(console, "policy", $"version {outcome.PolicyVersion}");
    }

    /// <summary>Each rule that was looked at, with its row and its numbers, then the movements of the ledger.</summary>
    public static void WriteTrace(IAnsiConsole console, AllocationOutcome outcome)
    {
        WriteSteps(console, outcome.Decision);
        foreach (var entry in outcome.Entries)
        {
            console.MarkupLine(
                $"  [blue]=[/] {Markup.Escape(Words.Spaced(entry.Kind.ToString()).PadRight(18))} " +
                Markup.Escape(TableText.Visible(
                    $"{entry.From} → {entry.To}  {entry.Quantity}  {entry.ReservationId}")).TrimEnd());
        }
    }

    /// <summary>Each rule that was looked at, with its row and its numbers.</summary>
    public static void WriteSteps(IAnsiConsole console, IEnumerable<DecisionStep> steps)
    {
        foreach (var step in steps)
        {
            var (symbol, style) = step.Result switch
            {
                RuleResult.Passed => ("✔", "green"),
                RuleResult.Failed => ("✘", "red"),
                RuleResult.Applied => ("→", "blue"),
                _ => ("·", "dim"),
            };
            var numbers = Words.Numbers(step.Numbers, step.Rule);
            var row = step.Rule == DecisionRule.Transition ? Words.Transition(step.Row) : step.Row;
            var said = row.Length > 0 && numbers.Length > 0 ? $"{row}  {numbers}" : row + numbers;
            var rule = Words.Spaced(step.Rule.ToString());
            console.MarkupLine(
                $"  [{style}]{symbol}[/] " + (said.Length == 0
                    ? rule
                    : $"{rule.PadRight(18)} [dim]{Markup.Escape(said)}[/]"));
        }
    }

    /// <summary>What an outcome says beside its name, in a line: of a rejection every reason.</summary>
    public static string Detail(AllocationOutcome outcome) => outcome.Event is AllocationOutcomeEvent.Rejected rejected
        ? string.Join("; ", rejected.Reasons.Select(ReasonText))
        : OutcomeSummary.Of(outcome).Detail;

    /// <summary>A reason with its detail, its scope and its numbers.</summary>
    public static string ReasonText(Reason reason)
    {
        var text = Words.Spaced(reason.Code.ToString());
        if (reason.Detail.Length > 0)
        {
            text += $": {reason.Detail}";
        }
        if (reason.Scope is not null)
        {
            text += $" ({reason.Scope})";
        }
        return reason.Numbers.Count > 0 ? $"{text}: {Words.Numbers(reason.Numbers)}" : text;
    }

    public static string BalanceText(Balances before, Balances after)
    {
        (string Name, long Before, long After)[] accounts =
        [
            ("free", before.Free, after.Free),
            ("held", before.Held, after.Held),
            ("confirmed", before.Confirmed, after.Confirmed),
            ("consumed", before.Consumed, after.Consumed),
            ("blocked", before.Blocked, after.Blocked),
        ];
        return string.Join(", ", accounts
            .Where(a => a.Name is "free" or "held" or "confirmed" || a.Before != 0 || a.After != 0)
            .Select(a => a.Before == a.After ? $"{a.Name} {a.After}" : $"{a.Name} {a.Before} → {a.After}"));
    }

    private static long? Expiry(AllocationOutcome outcome) => outcome.Event switch
    {
        AllocationOutcomeEvent.Held held => held.ExpiresAtMs,
        AllocationOutcomeEvent.Promoted promoted => promoted.ExpiresAtMs,
        AllocationOutcomeEvent.Extended extended => extended.ExpiresAtMs,
        _ => null,
    };
}
