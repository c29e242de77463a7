using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>
/// No table leaves a pool without a row where one is needed, and no row stands where nothing reaches it.
/// </summary>
internal static class CoverageChecks
{
    public static void Run(AllocationPolicy policy, LocatedTables tables, FieldReader root)
    {
        Unreachable(tables.Class, Shadows);
        Unreachable(tables.Ttl, (earlier, later) => earlier.Class is null || earlier.Class == later.Class);
        Unreachable(tables.Conduct, (_, _) => true);
        Unreachable(tables.Importance, (_, _) => true);
        Unreachable(tables.Overbooking, (_, _) => true);
        Unreachable(tables.Protection, (earlier, later) => earlier.Class == later.Class);
        Unreachable(tables.Quota, (earlier, later) =>
            earlier.Scope == later.Scope && earlier.Value is null && later.Value is not null);
        Unreachable(tables.Preemption, (earlier, later) => earlier.Class == later.Class);
        Unreachable(tables.Waitlist, (_, _) => true);
        Unreachable(tables.Deficit, (_, _) => true);
        Unreachable(tables.Mode, (earlier, later) => earlier.Mode == later.Mode);
        LastMatchesAll(tables.Class, root, "class", row =>
            row.Channel is null && row.Tier is null && row.Attributes is null);
        LastMatchesAll(tables.Conduct, root, "conduct", _ => true);
        foreach (var name in policy.Classes)
        {
            if (!tables.Ttl.Exists(entry =>
                entry.Row.Pools.Covers(PoolPattern.All) && (entry.Row.Class is null || entry.Row.Class == name)))
            {
                root.Error("ttl", $"No row says for every pool how long holds of class '{name}' live.",
                    "End the table with a row for pools \"*\" without a class.");
            }
        }
    }

    private static bool Shadows(ClassRow earlier, ClassRow later) =>
        (earlier.Channel is null || earlier.Channel == later.Channel)
        && (earlier.Tier is null || earlier.Tier == later.Tier)
        && (earlier.Attributes is null
            || (later.Attributes is { } attributes && earlier.Attributes.All(attributes.Contains)));

    private static void Unreachable<TRow>(List<Located<TRow>> rows, Func<TRow, TRow, bool> shadows)
        where TRow : IPolicyRow
    {
        for (var later = 1; later < rows.Count; later++)
        {
            var (row, place) = rows[later];
            for (var earlier = 0; earlier < later; earlier++)
            {
                var other = rows[earlier].Row;
                if (other.Pools.Covers(row.Pools) && shadows(other, row))
                {
                    place.Error("pools",
                        $"The row '{row.Id}' is never reached: '{other.Id}' before it matches all that it matches.",
                        "Move it before that row, or remove it.");
                    break;
                }
            }
        }
    }

    private static void LastMatchesAll<TRow>(
        List<Located<TRow>> rows, FieldReader root, string table, Func<TRow, bool> isOpen)
        where TRow : IPolicyRow
    {
        if (rows.Count == 0 || !rows[^1].Row.Pools.Covers(PoolPattern.All) || !isOpen(rows[^1].Row))
        {
            root.Error(table, "The table leaves a gap: its last row does not match everything.",
                "End it with a row for pools \"*\" that asks for nothing else.");
        }
    }
}
