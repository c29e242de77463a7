using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>What a mode's row says otherwise than what was told of it, by the names of the row's fields.</summary>
internal static class ModeDifferences
{
    public const string Effect = "effect";
    public const string Cap = "cap";
    public const string Pools = "pools";
    public const string Classes = "classes";
    public const string Stage = "stage";
    public const string Measure = "measure";

    /// <summary>The fields that differ; empty: none does.</summary>
    public static IReadOnlyList<string> Between(ModeState told, ModeRow row)
    {
        (string Field, bool IsOther)[] fields =
        [
            (Effect, told.Effect != ModeMeasures.NameOf(row.Effect)),
            (Cap, told.CapMs != row.CapMs),
            (Pools, !told.Pools.SequenceEqual(row.Pools.Select(p => p.Text))),
            (Classes, !told.Classes.SequenceEqual(row.Classes)),
            (Stage, told.StageId != row.Stage),
            (Measure, told.Measure != ModeMeasures.NameOf(row.Measure)),
        ];
        return [.. fields.Where(f => f.IsOther).Select(f => f.Field)];
    }

    /// <summary>Whether what the mode changes is another, and not only what it looks at.</summary>
    public static bool ChangeWhatActs(IReadOnlyList<string> fields) => fields.Any(f => f is not (Stage or Measure));

    /// <summary>Whether another mode may be in its way that was not before.</summary>
    public static bool MayMeetRivals(IReadOnlyList<string> fields) => fields.Any(f => f is Effect or Pools);
}
