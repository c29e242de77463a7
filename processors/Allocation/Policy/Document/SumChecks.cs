using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>What is added up in a pool stays below 2⁶³.</summary>
internal static class SumChecks
{
    public static void Run(LocatedTables tables)
    {
        Look(tables.Protection, _ => 0, row => row.Units, "units", "units kept for classes");
        Look(tables.Quota, row => (int)row.Scope, row => (Int128)row.Nominal + row.BorrowingLimit, "nominal",
            "nominal and borrowing");
    }

    private static void Look<TRow>(
        List<Located<TRow>> rows, Func<TRow, int> group, Func<TRow, Int128> amount, string field, string what)
        where TRow : IPolicyRow
    {
        foreach (var entries in rows.GroupBy(entry => group(entry.Row)))
        {
            var table = new PolicyTable<TRow>([.. entries.Select(entry => entry.Row)]);
            foreach (var pattern in entries.Select(entry => entry.Row.Pools).Distinct())
            {
                Int128 sum = 0;
                foreach (var row in table.For(pattern.Prefix))
                {
                    sum += amount(row);
                    if (sum > long.MaxValue)
                    {
                        entries.First(entry => ReferenceEquals(entry.Row, row)).Place.Error(
                            field, $"In pool {pattern.Text} the {what} add up to {sum}, more than {long.MaxValue}.",
                            "Write smaller numbers.");
                        return;
                    }
                }
            }
        }
    }
}
