using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>In one pool nothing is counted by two rows, and who borrows or lends has a name.</summary>
internal static class QuotaChecks
{
    public static void Run(AllocationPolicy policy, LocatedTables tables)
    {
        var groups = tables.Quota.GroupBy(entry => (entry.Row.Scope, entry.Row.Value));
        foreach (var group in groups)
        {
            Overlaps([.. group]);
        }
        foreach (var (row, place) in tables.Quota)
        {
            var named = row.BorrowingLimit > 0 ? "borrowing" : row.LendingLimit > 0 ? "lending" : null;
            if (row.Value is null && named is not null)
            {
                place.Error(named, $"The row '{row.Id}' has no value: each {Words.Of(row.Scope)} has a counter of its "
                    + $"own, and none of them borrows or lends.",
                    $"Remove {named}, or write a row with a value for each.");
            }
            if (row.Reclaim != QuotaReclaim.None && (row.Value is null || row.LendingLimit == 0))
            {
                place.Error("reclaim", $"The row '{row.Id}' lends nothing that it could take back.",
                    "Remove reclaim, or write a row with a value and lending above 0.");
            }
            if (row.LendingLimit > row.Nominal)
            {
                place.Error("lending", $"The row '{row.Id}' lends {row.LendingLimit}, more than its nominal "
                    + $"{row.Nominal}.", "Lend no more than the nominal.");
            }
        }
    }

    private static void Overlaps(List<Located<QuotaRow>> rows)
    {
        for (var later = 1; later < rows.Count; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var (row, other) = (rows[later].Row, rows[earlier].Row);
                if (row.Pools.Overlaps(other.Pools))
                {
                    var narrow = row.Pools.Covers(other.Pools) ? other.Pools : row.Pools;
                    rows[later].Place.Error("pools", $"The rows '{other.Id}' and '{row.Id}' both limit "
                        + $"{Words.Of(row.Scope)} {(row.Value is null ? "(each)" : $"'{row.Value}'")} in pool "
                        + $"{narrow.Text}.", "Give them pools that do not overlap, or keep one of them.");
                    break;
                }
            }
        }
    }
}
