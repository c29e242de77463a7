namespace Alloc.Cli.Monitoring.Rules;

/// <summary>The engine and what it stands on: faults, Kafka, the registry, disks.</summary>
internal static class EngineRules
{
    private const string Engine = "alloc-engine";

    public static IReadOnlyList<Rule> Of(Thresholds thresholds)
    {
        var failures = thresholds["RepeatedFailures"];
        var wiped = thresholds["StateWiped"];
        var silent = thresholds["BrokerSilent"];
        var registry = thresholds["RegistryAway"];
        return
        [
            new AlertRule("TaskStopped", Severity.Page, "max by (group, task) (alloc_task_stopped) > 0")
            {
                For = thresholds["TaskStopped"].Duration("for"),
                Summary = "Task {{ $labels.task }} of {{ $labels.group }} stopped by a fault of the program",
                Description = "{{ $labels.group }} decides nothing in task {{ $labels.task }} until a mended version "
                    + "runs; nothing is skipped and nothing is lost. The other partitions go on.",
                Dashboard = Engine,
            },
            new AlertRule(
                "RepeatedFailures", Severity.Page,
                $"max by (group) (alloc_consecutive_failures) > {failures.Text("above")}")
            {
                For = failures.Duration("for"),
                Summary = "{{ $labels.group }} fails again and again",
                Description = "A thread of {{ $labels.group }} failed {{ $value }} times in a row without progress; "
                    + "after 30 it gives up and the instance ends.",
                Dashboard = Engine,
            },
            new AlertRule(
                "StateWiped", Severity.Ticket,
                Growth.Of(thresholds, "alloc_state_wipes_total", "group, task", "StateWiped")
                    + $" > {wiped.Text("above")}")
            {
                For = wiped.Duration("for"),
                Summary = "A disk gives back other bytes than were written",
                Description = "The state of task {{ $labels.task }} of {{ $labels.group }} was damaged and built anew "
                    + $"{{{{ $value | humanize }}}} times in {wiped.Duration("window")}. Once heals itself; again is "
                    + "a disk or memory to replace.",
                Dashboard = Engine,
            },
            new AlertRule(
                "BrokerSilent", Severity.Page,
                $"max by (instance, group) (alloc_broker_silent_seconds) > {silent.Seconds("above")}")
            {
                For = silent.Duration("for"),
                Summary = "{{ $labels.instance }} hears nothing of Kafka",
                Description = "Kafka has not answered {{ $labels.group }} at {{ $labels.instance }} for "
                    + "{{ $value | humanizeDuration }}: nothing is decided there. Nothing is lost.",
                Dashboard = Engine,
            },
            new AlertRule(
                "RegistryAway", Severity.Page,
                $"""
                max by (instance) (alloc_startup_wait_seconds or alloc_task_wait_seconds)
                > {registry.Seconds("above")}
                """)
            {
                For = registry.Duration("for"),
                Summary = "{{ $labels.instance }} waits for the schema registry",
                Description = "{{ $labels.instance }} has waited {{ $value | humanizeDuration }} for something "
                    + "outside, such as the schema registry: what needs it is not decided. Nothing is skipped.",
                Dashboard = Engine,
            },
            new AlertRule(
                "RestoringLong", Severity.Ticket, "max by (instance, group) (alloc_restore_remaining_records) > 0")
            {
                For = thresholds["RestoringLong"].Duration("for"),
                Summary = "{{ $labels.instance }} restores and restores",
                Description = "{{ $labels.group }} at {{ $labels.instance }} still has {{ $value | humanize }} "
                    + $"records to restore after {thresholds["RestoringLong"].Duration("for")}; its partitions are "
                    + "not decided meanwhile.",
                Dashboard = Engine,
            },
        ];
    }
}
