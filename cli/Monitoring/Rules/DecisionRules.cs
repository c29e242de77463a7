namespace Alloc.Cli.Monitoring.Rules;

/// <summary>Decisions: how fast, on what input, under which policy, and whether anybody else decides too.</summary>
internal static class DecisionRules
{
    // What customers would notice after a transfer. A defect of the other system goes with it, a policy is meant, and a
    // lag is no difference.
    private const string DriftClasses = "Unclassified|StaleSource|HiddenRule";

    public static IReadOnlyList<Rule> Of(Thresholds thresholds)
    {
        var slow = thresholds["DecisionSlow"];
        var duplicates = thresholds["DuplicateRateHigh"];
        var window = duplicates.Duration("window");
        var untaken = thresholds["PolicyUntaken"];
        var drift = thresholds["ShadowDrift"];
        var drifting = drift.Duration("window");
        return
        [
            new RecordingRule(
                "job:alloc_command_duration_seconds:p99",
                $"""
                histogram_quantile(
                  0.99, sum by (le) (rate(alloc_command_duration_seconds_bucket[{slow.Duration("window")}])))
                """),
            new RecordingRule(
                $"job:alloc_duplicate_commands:ratio_increase{window}",
                $"""
                sum(increase(alloc_duplicate_commands_total[{window}]))
                / (
                  sum(increase(alloc_duplicate_commands_total[{window}]))
                  + sum(increase(alloc_commands_total[{window}]))
                  > 0
                )
                """),
            new RecordingRule(
                $"job:alloc_shadow_decisions_differing:ratio_increase{drifting}",
                $$"""
                sum(increase(alloc_shadow_decisions_total{class=~"{{DriftClasses}}"}[{{drifting}}]))
                / (sum(increase(alloc_shadow_decisions_total{class!="NotOnLog"}[{{drifting}}])) > 0)
                """),
            new AlertRule(
                "DecisionSlow", Severity.Ticket, $"job:alloc_command_duration_seconds:p99 > {slow.Seconds("above")}")
            {
                Owner = "allocation",
                For = slow.Duration("for"),
                Summary = "Decisions are slow",
                Description = "One command in a hundred waits {{ $value | humanizeDuration }} or longer from its "
                    + $"append to its committed outcome; {slow.Duration("above")} are agreed.",
                Dashboard = "alloc-overview",
            },
            new AlertRule(
                "DuplicateRateHigh", Severity.Ticket,
                $"""
                job:alloc_duplicate_commands:ratio_increase{window} > {duplicates.Text("share")}
                and sum(increase(alloc_commands_total[{window}])) >= {duplicates.Text("leastCommands")}
                """)
            {
                Owner = "orders",
                For = duplicates.Duration("for"),
                Summary = "Many commands are sent again",
                Description = $"In {window}, {{{{ $value | humanizePercentage }}}} of the commands were repeats. They "
                    + "did no harm; a sender that does not see its answers sends them.",
                Dashboard = "alloc-overview",
            },
            new AlertRule(
                "DeadLetters", Severity.Ticket,
                Growth.Of(thresholds, "alloc_dead_letters_total", "group, topic", "DeadLetters") + " > 0")
            {
                Owner = "orders",
                For = thresholds["DeadLetters"].Duration("for"),
                Summary = "Records of {{ $labels.topic }} could not be read",
                Description = "{{ $value | humanize }} records of {{ $labels.topic }} went to the dead letters of "
                    + "{{ $labels.group }}: what their senders wanted did not happen, and they were not told.",
                Dashboard = "alloc-overview",
            },
            new AlertRule(
                "FencedWriter", Severity.Page,
                Growth.Of(thresholds, "alloc_second_writer_signs_total", "sign", "FencedWriter") + " > 0")
            {
                For = thresholds["FencedWriter"].Duration("for"),
                Summary = "Another system still decides for pools of ours",
                Description = "{{ $value | humanize }} outcomes show a second writer ({{ $labels.sign }}) on pools "
                    + "that Alloc has authority over: the same unit may be promised twice.",
                Dashboard = "alloc-holds",
            },
            new AlertRule(
                "ShadowDrift", Severity.Ticket,
                $$"""
                job:alloc_shadow_decisions_differing:ratio_increase{{drifting}} > {{drift.Text("share")}}
                and sum(increase(alloc_shadow_decisions_total{class!="NotOnLog"}[{{drifting}}]))
                >= {{drift.Text("leastCompared")}}
                """)
            {
                Owner = "allocation",
                For = drift.Duration("for"),
                Summary = "The shadow decides otherwise than the other system",
                Description = $"In {drifting}, {{{{ $value | humanizePercentage }}}} of what the shadow decided and "
                    + "can be compared differs from what the other system did: customers would be answered "
                    + "otherwise after the transfer.",
                Dashboard = "alloc-holds",
            },
            new AlertRule(
                "PolicyRefused", Severity.Page,
                Growth.Of(thresholds, "alloc_policies_refused_total", "reason", "PolicyRefused") + " > 0")
            {
                Owner = "allocation",
                For = thresholds["PolicyRefused"].Duration("for"),
                Summary = "A policy was refused ({{ $labels.reason }})",
                Description = "Partitions refused {{ $value | humanize }} activations of a policy ({{ $labels.reason "
                    + "}}). The policy before it decides; what somebody meant to change has not changed.",
                Dashboard = "alloc-overview",
            },
            new AlertRule(
                "PolicyUntaken", Severity.Page,
                $"max by (partition) (alloc_policy_untaken_seconds) > {untaken.Seconds("above")}")
            {
                Owner = "allocation",
                For = untaken.Duration("for"),
                Summary = "Partition {{ $labels.partition }} decides by an old policy",
                Description = "Partition {{ $labels.partition }} has not taken the policy that was applied "
                    + "{{ $value | humanizeDuration }} ago: customers of its pools are served by the one before.",
                Dashboard = "alloc-overview",
            },
        ];
    }
}
