using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// The lists that a mismatch is in: of each question that people ask of a hundred thousand, the answer lies together.
/// An accepted one waits for nobody, so it is in the list of accepted ones, and like a closed one in those of what is
/// settled, by what it is about.
/// </summary>
internal static class MismatchFacets
{
    /// <summary>All that are neither closed nor accepted.</summary>
    public const string All = "all";

    /// <summary>Those in the exception queue.</summary>
    public const string Queue = "queue";

    public static string State(MismatchState state) => $"state/{state}";

    public static string Class(string name) => $"class/{name}";

    public static string ClassState(string name, MismatchState state) => $"class-state/{name}/{state}";

    public static string Owner(string owner) => $"owner/{owner}";

    public static string Assignee(string assignee) => $"assignee/{assignee}";

    public static string Scope(string id) => $"scope/{id}";

    public static string Pool(string poolId) => $"pool/{poolId}";

    public static string Order(string orderRef) => $"order/{orderRef}";

    public static string SettledScope(string id) => $"settled-scope/{id}";

    public static string SettledOrder(string orderRef) => $"settled-order/{orderRef}";

    /// <summary>The lists that it is in.</summary>
    public static IReadOnlyList<string> Of(Mismatch row)
    {
        List<string> facets = [];
        if (MismatchLife.IsClosed(row) || row.State == MismatchState.Accepted)
        {
            facets.Add(SettledScope(row.Scope.Id));
            Add(facets, row.Scope.OrderRef, SettledOrder);
            if (!MismatchLife.IsClosed(row))
            {
                facets.Add(State(row.State));
            }
            return facets;
        }
        facets =
        [
            All, State(row.State), Class(row.Class), ClassState(row.Class, row.State), Owner(row.Owner),
            Scope(row.Scope.Id),
        ];
        Add(facets, row.Scope.PoolId, Pool);
        Add(facets, row.Scope.OrderRef, Order);
        Add(facets, row.Assignee, Assignee);
        if (row.Exception is not null)
        {
            facets.Add(Queue);
        }
        return facets;
    }

    /// <summary>What lists show of it.</summary>
    public static OpenMismatch LineOf(Mismatch row) => new()
    {
        Class = row.Class,
        State = row.State,
        Owner = row.Owner,
        Assignee = row.Assignee,
        Scope = row.Scope,
        Repair = row.Repair?.Kind ?? RepairKind.Unknown,
        NeedsSecondApprover = row.Repair?.NeedsSecondApprover ?? false,
        DueAtMs = row.Exception?.DueAtMs,
    };

    private static void Add(List<string> facets, string? name, Func<string, string> facet)
    {
        if (name is not null)
        {
            facets.Add(facet(name));
        }
    }
}

/// <summary>What is counted, beside the mismatches themselves.</summary>
internal static class MismatchTallies
{
    /// <summary>Mismatches that are not closed, by class, severity and state.</summary>
    public const string Open = "open";

    /// <summary>Those in the exception queue, by owner.</summary>
    public const string Queue = "queue";

    /// <summary>Those of them that are beyond their due time, by owner.</summary>
    public const string Overdue = "overdue";

    /// <summary>What became of repairs, by kind of repair and result.</summary>
    public const string Repairs = "repairs";

    /// <summary>Decisions that were refused.</summary>
    public const string Refused = "refused";

    /// <summary>Decisions that are remembered.</summary>
    public const string Decisions = "decisions";

    /// <summary>Closed episodes that are remembered.</summary>
    public const string Episodes = "episodes";

    /// <summary>Runs that are under way.</summary>
    public const string Runs = "runs";

    /// <summary>What a mismatch counts as.</summary>
    public static IEnumerable<TallyKey> Of(KeptMismatch kept)
    {
        var row = kept.Mismatch;
        if (MismatchLife.IsClosed(row))
        {
            yield break;
        }
        yield return new TallyKey(Open, row.Class, row.Severity, row.State.ToString());
        if (row.Exception is not null)
        {
            yield return new TallyKey(Queue, row.Owner);
            if (kept.IsOverdue)
            {
                yield return new TallyKey(Overdue, row.Owner);
            }
        }
    }

    /// <summary>What became of a repair as it is counted; null: the event is about none.</summary>
    public static string? ResultOf(MismatchEventKind kind) => kind switch
    {
        MismatchEventKind.RepairSent => "sent",
        MismatchEventKind.Repaired => "repaired",
        MismatchEventKind.RepairRefused => "refused",
        MismatchEventKind.RepairUnproven => "unproven",
        _ => null,
    };
}
