using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>What must hold between the rows of a policy, each its own small check.</summary>
internal static class PolicyChecks
{
    public static void Run(
        AllocationPolicy policy, LocatedTables tables, FieldReader root, AllocationPolicy? previous,
        ProblemList problems)
    {
        UniqueIds(tables, problems);
        ClassChecks.Run(policy, tables, root, previous);
        CoverageChecks.Run(policy, tables, root);
        RowChecks.Run(policy, tables);
        QuotaChecks.Run(policy, tables);
        ImportanceChecks.Run(policy, tables);
        SumChecks.Run(tables);
        CounterNotes.Run(tables, problems);
    }

    private static void UniqueIds(LocatedTables tables, ProblemList problems)
    {
        var seen = new Dictionary<string, FieldReader>(StringComparer.Ordinal);
        Look(tables.Class);
        Look(tables.Ttl);
        Look(tables.Conduct);
        Look(tables.Importance);
        Look(tables.Overbooking);
        Look(tables.Protection);
        Look(tables.Quota);
        Look(tables.Preemption);
        Look(tables.Waitlist);
        Look(tables.Deficit);
        Look(tables.Mode);

        void Look<TRow>(List<Located<TRow>> rows)
            where TRow : IPolicyRow
        {
            foreach (var (row, place) in rows)
            {
                if (!seen.TryAdd(row.Id, place))
                {
                    problems.Error(place.Node["id"]!, $"{place.Path}.id",
                        $"The id '{row.Id}' is that of {seen[row.Id].Path} too.",
                        "Give each row of the document an id of its own.");
                }
            }
        }
    }
}
