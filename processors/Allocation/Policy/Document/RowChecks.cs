using Alloc.Processors.Documents;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>What the fields of one row must be to each other.</summary>
internal static class RowChecks
{
    public static void Run(AllocationPolicy policy, LocatedTables tables)
    {
        foreach (var (row, place) in tables.Ttl)
        {
            Ttl(row, place);
        }
        foreach (var (row, place) in tables.Overbooking)
        {
            Curve(row, place);
        }
        foreach (var (row, place) in tables.Preemption)
        {
            Preemption(policy, row, place);
        }
        foreach (var (row, place) in tables.Mode)
        {
            Mode(row, tables, place);
        }
    }

    private static void Ttl(TtlRow row, FieldReader place)
    {
        if (row.MinimumMs > row.DefaultMs)
        {
            place.Error("default", $"The default {DurationText.Show(row.DefaultMs)} is shorter than the minimum "
                + $"{DurationText.Show(row.MinimumMs)}.", "Write minimum, default and maximum in rising order.");
        }
        if (row.DefaultMs > row.MaximumMs)
        {
            place.Error("maximum", $"The maximum {DurationText.Show(row.MaximumMs)} is shorter than the default "
                + $"{DurationText.Show(row.DefaultMs)}.", "Write minimum, default and maximum in rising order.");
        }
    }

    private static void Curve(OverbookingRow row, FieldReader place)
    {
        for (var index = 1; index < row.Curve?.Count; index++)
        {
            var (before, step) = (row.Curve[index - 1], row.Curve[index]);
            if (step.BeforeServiceMs >= before.BeforeServiceMs)
            {
                place.Error("curve", $"Step {index + 1} begins {DurationText.Show(step.BeforeServiceMs)} before "
                    + $"service, not later than step {index} ({DurationText.Show(before.BeforeServiceMs)}).",
                    "Order the steps by time, the longest before service first.");
            }
            else if (step.Percent > before.Percent)
            {
                place.Error("curve", $"The curve goes up: {before.Percent} percent from "
                    + $"{DurationText.Show(before.BeforeServiceMs)}, then {step.Percent} percent from "
                    + $"{DurationText.Show(step.BeforeServiceMs)} before service.",
                    "Let it fall or stay as the service nears.");
            }
        }
    }

    private static void Mode(ModeRow row, LocatedTables tables, FieldReader place)
    {
        if (row.Classes is { Count: 0 })
        {
            place.Error("classes", "There is no class that the mode concerns.", "Name one, or remove the row.");
        }
        if (row.Effect == ModeEffect.WaitlistClasses && !tables.Waitlist.Exists(
            wait => wait.Row.Order != WaitlistOrder.None && wait.Row.Pools.Overlaps(row.Pools)))
        {
            place.Note("pools", $"Nobody can wait for pools {row.Pools.Text}: the classes are rejected in mode "
                + $"'{row.Mode}'.", "Add a row for these pools to waitlist, or write effect rejectHolds.");
        }
    }

    private static void Preemption(AllocationPolicy policy, PreemptionRow row, FieldReader place)
    {
        if (row.Victims.Count == 0)
        {
            place.Error("victims", "There is no class to take units from.", "Name one, or remove the row.");
        }
        foreach (var victim in row.Victims)
        {
            if (policy.HasClass(victim) && policy.HasClass(row.Class)
                && policy.RankOf(victim) <= policy.RankOf(row.Class))
            {
                place.Error("victims", $"The class '{victim}' is not below '{row.Class}'.",
                    "A class takes units from lower ones only; classes has the highest first.");
            }
        }
    }
}
