using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Everything is counted inside one pool; says so where a pattern may look like one count for all.</summary>
internal static class CounterNotes
{
    public static void Run(LocatedTables tables, ProblemList problems)
    {
        Look(tables.Overbooking.Where(entry => entry.Row.Kind == OverbookingKind.Fixed), row => $"{row.Units} units");
        Look(tables.Protection, row => $"{row.Units} units for {row.Class}");
        Look(tables.Quota, row => $"{row.Nominal} units for "
            + $"{(row.Value is null ? "each " : "")}{Words.Of(row.Scope)}{(row.Value is null ? "" : $" {row.Value}")}");

        void Look<TRow>(IEnumerable<Located<TRow>> rows, Func<TRow, string> count)
            where TRow : IPolicyRow
        {
            foreach (var (row, place) in rows)
            {
                if (row.Pools.IsPrefix)
                {
                    problems.Note(place.Node["pools"]!, $"{place.Path}.pools",
                        $"Each pool of {row.Pools.Text} has a count of its own: {count(row)}, not shared.",
                        "A limit over several pools is a pool itself; see docs/policy.md.");
                }
            }
        }
    }
}
