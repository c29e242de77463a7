using Alloc.Processors.Documents;

namespace Alloc.Processors.Allocation.Policy.Document;

/// <summary>Every class that is named is known, and none disappears while reservations may have it.</summary>
internal static class ClassChecks
{
    public static void Run(AllocationPolicy policy, LocatedTables tables, FieldReader root, AllocationPolicy? previous)
    {
        if (policy.Classes.Count == 0)
        {
            root.Error("classes", "There is no class.", "Write at least one, the highest first.");
        }
        Mappings(policy, tables);
        Each(tables.Class, row => [("class", row.Class)]);
        Each(tables.Ttl, row => [("class", row.Class)]);
        Each(tables.Overbooking, row => (row.Classes ?? []).Select(name => ("classes", (string?)name)));
        Each(tables.Protection, row => [("class", row.Class)]);
        Each(tables.Quota, row => [("value", row.Scope == QuotaScope.Class ? row.Value : null)]);
        Each(
            tables.Preemption,
            row => [("class", row.Class), .. row.Victims.Select(name => ("victims", (string?)name))]);
        Each(tables.Waitlist, row => row.Boosts.Select(boost => ("boost", (string?)boost.Class)));
        Each(tables.Mode, row => (row.Classes ?? []).Select(name => ("classes", (string?)name)));
        Disappeared(policy, root, previous);

        void Each<TRow>(List<Located<TRow>> rows, Func<TRow, IEnumerable<(string Field, string? Class)>> named)
        {
            foreach (var (row, place) in rows)
            {
                foreach (var (field, name) in named(row))
                {
                    if (name is not null && !policy.HasClass(name))
                    {
                        place.Error(field, $"The class '{name}' is not known.", Known(policy));
                    }
                }
            }
        }
    }

    private static void Mappings(AllocationPolicy policy, LocatedTables tables)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (mapping, place) in tables.Mappings)
        {
            if (!seen.Add(mapping.From))
            {
                place.Error("from", $"The class '{mapping.From}' is mapped twice.", "Keep one of the mappings.");
            }
            if (policy.HasClass(mapping.From))
            {
                place.Error("from", $"The class '{mapping.From}' is still one of the classes.",
                    "Remove the mapping, or the class.");
            }
            if (!policy.HasClass(mapping.To))
            {
                place.Error("to", $"The class '{mapping.To}' is not known.", Known(policy));
            }
        }
    }

    private static void Disappeared(AllocationPolicy policy, FieldReader root, AllocationPolicy? previous)
    {
        if (previous is null)
        {
            Shipped(policy, root);
            return;
        }
        foreach (var name in previous.Classes.Concat(previous.ClassMappings.Select(mapping => mapping.From)).Distinct())
        {
            if (!policy.HasClass(policy.ClassToday(name)))
            {
                root.Error(
                    root.Has("classMappings") ? "classMappings" : "classes",
                    $"The class '{name}' of version {previous.Version} is gone; reservations may still have it.",
                    $"Keep it, or add to classMappings: from '{name}' to one of {string.Join(", ", policy.Classes)}.");
            }
        }
    }

    // Which policy it will replace is not known here: the first one replaces the shipped one.
    private static void Shipped(AllocationPolicy policy, FieldReader root)
    {
        foreach (var name in PolicyVersions.Version0.Classes.Where(name => !policy.HasClass(policy.ClassToday(name))))
        {
            root.Note(
                root.Has("classMappings") ? "classMappings" : "classes",
                $"Reservations made under the shipped policy have the class '{name}', which is not known here.",
                $"If this is the first policy, add to classMappings: from '{name}' to one of "
                + $"{string.Join(", ", policy.Classes)}.");
        }
    }

    private static string Known(AllocationPolicy policy) =>
        $"Known are {string.Join(", ", policy.Classes)}; add it to classes, the highest first.";
}
