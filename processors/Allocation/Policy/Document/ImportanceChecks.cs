using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>No table promises for a pool what its importance forbids.</summary>
internal static class ImportanceChecks
{
    public static void Run(AllocationPolicy policy, LocatedTables tables)
    {
        Look(policy, tables, PoolImportance.Critical, tables.Overbooking,
            row => row.Kind != OverbookingKind.None, "overbooked", "kind none");
        Look(policy, tables, PoolImportance.Cheap, tables.Waitlist,
            row => row.Order != WaitlistOrder.None, "waited for", "order none");
    }

    private static void Look<TRow>(
        AllocationPolicy policy, LocatedTables tables, PoolImportance importance, List<Located<TRow>> rows,
        Func<TRow, bool> acts, string participle, string remedy)
        where TRow : IPolicyRow
    {
        var table = new PolicyTable<TRow>([.. rows.Select(entry => entry.Row)]);
        foreach (var (marked, _) in tables.Importance.Where(entry => entry.Row.Importance == importance))
        {
            foreach (var (row, place) in rows.Where(entry => acts(entry.Row) && entry.Row.Pools.Overlaps(marked.Pools)))
            {
                // The pools of both; what an earlier row of either table takes away as a whole is no conflict.
                var both = row.Pools.Covers(marked.Pools) ? marked.Pools : row.Pools;
                if (Reaches(policy.ImportanceTable, marked, both) && Reaches(table, row, both))
                {
                    place.Error("pools", $"Pool {both.Text} is {Words.Of(importance)} by '{marked.Id}' and must not be "
                        + $"{participle}.", $"Put a row with {remedy} for these pools before this one.");
                }
            }
        }
    }

    private static bool Reaches<TRow>(PolicyTable<TRow> table, TRow row, PoolPattern pools)
        where TRow : IPolicyRow
    {
        foreach (var earlier in table)
        {
            if (ReferenceEquals(earlier, row))
            {
                return true;
            }
            if (earlier.Pools.Covers(pools))
            {
                return false;
            }
        }
        return true;
    }
}
