using Alloc.Processors.Documents;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Catalogue;

/// <summary>What must hold between the rows of a catalogue, each its own small check.</summary>
internal static class CatalogueChecks
{
    public static void Run(CatalogueTables tables, FieldReader root, OperationsCatalogue? previous)
    {
        RowIds.CheckUnique(tables.Stages, stage => stage.Id);
        RowIds.CheckUnique(tables.Modes, mode => mode.Id);
        RowIds.CheckUnique(tables.Effects, effect => effect.Id);
        RowIds.CheckUnique(tables.Classes, row => row.Class.ToString());
        RowIds.CheckUnique(tables.ShadowRules, rule => rule.Id);
        Stages(tables, root, previous);
        Modes(tables);
        Effects(tables);
        Classes(tables);
        ShadowRuleFields.Check(tables.ShadowRules);
    }

    private static void Stages(CatalogueTables tables, FieldReader root, OperationsCatalogue? previous)
    {
        if (tables.Stages.Count == 0)
        {
            root.Error("stages", "There is no stage.", "Write at least one.");
            return;
        }
        var ids = tables.Stages.Select(stage => stage.Row.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var (stage, place) in tables.Stages)
        {
            foreach (var before in stage.After)
            {
                if (before == stage.Id)
                {
                    place.Error("after", $"The stage '{stage.Id}' comes after itself.", "Name others only.");
                }
                else if (!ids.Contains(before))
                {
                    place.Error("after", $"The stage '{stage.Id}' comes after '{before}', which is no stage.",
                        $"Name stages of this document: {Shortened(ids)}.");
                }
            }
            if (stage.PageShare >= 1)
            {
                place.Note("pageShare", $"Nobody is ever paged for '{stage.Id}': no share is above 1.",
                    "Write a smaller one if somebody should be.");
            }
        }
        if (tables.Stages.TrueForAll(stage => stage.Row.After.Count > 0))
        {
            root.Note("stages", "Every stage comes after another, so work begins nowhere.",
                "Leave after out where work begins.");
        }
        foreach (var gone in previous?.Stages.Where(stage => !ids.Contains(stage.Id)) ?? [])
        {
            root.Note("stages", $"The stage '{gone.Id}' is gone: work that waits there keeps the row that it entered "
                + "under until it leaves, and what enters from now on goes to the dead letters.",
                "Keep the stage until nothing enters it any more.");
        }
    }

    private static void Modes(CatalogueTables tables)
    {
        var ids = tables.Stages.Select(stage => stage.Row.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var (mode, place) in tables.Modes)
        {
            if (!ids.Contains(mode.Stage))
            {
                place.Error("stage", $"The mode '{mode.Id}' looks at '{mode.Stage}', which is no stage.",
                    $"Name a stage of this document: {Shortened(ids)}.");
            }
            if (mode.OffAt > mode.OnAt)
            {
                place.Error("offAt", $"The mode '{mode.Id}' would be switched off at {Shown(place, "offAt")} and on at "
                    + $"{Shown(place, "onAt")}: off is above on.", "Write an offAt that is below onAt.");
            }
            else if (mode.OffAt.Equals(mode.OnAt))
            {
                place.Note("offAt", $"The mode '{mode.Id}' is switched on and off at one value: only minimumDwell "
                    + "keeps it from going back and forth.", "Write an offAt that is below onAt.");
            }
            if (mode.OnAt <= 0)
            {
                place.Error("onAt", $"The mode '{mode.Id}' would always be on.", "Write an onAt above 0.");
            }
            if (mode.Effect == DegradedEffect.WaitlistClasses && mode.Classes.Count == 0)
            {
                place.Error("classes", $"The mode '{mode.Id}' names no class that waits.", "Name the lowest ones.");
            }
        }
        for (var index = 1; index < tables.Modes.Count; index++)
        {
            var (mode, place) = tables.Modes[index];
            if (tables.Modes.Take(index).Select(other => other.Row).FirstOrDefault(mode.SharesPoolsWith) is { } first)
            {
                place.Note("id", $"The modes '{first.Id}' and '{mode.Id}' concern the same pools: while one is on the "
                    + $"other is not, and where both are needed at once it is '{first.Id}', the first row.",
                    "Give them other pools if both should act.");
            }
        }
    }

    private static void Effects(CatalogueTables tables)
    {
        var seen = new Dictionary<(string Event, string Service), string>();
        foreach (var (effect, place) in tables.Effects)
        {
            if (effect.Services.Count == 0)
            {
                place.Error("services", $"The row '{effect.Id}' names no service.", "Name one, or remove the row.");
            }
            foreach (var service in effect.Services)
            {
                if (!seen.TryAdd((effect.Event, service), effect.Id))
                {
                    place.Error("services", $"'{service}' is obliged for {effect.Event} by "
                        + $"'{seen[(effect.Event, service)]}' already.", "Keep one of them.");
                }
            }
        }
    }

    private static void Classes(CatalogueTables tables)
    {
        foreach (var (row, place) in tables.Classes)
        {
            if (row.Follows is not { } follows)
            {
                continue;
            }
            if (!LagFollowing.Measured.Contains(row.Class))
            {
                place.Error("followsLag", $"No lag is measured of {row.Class}, so nothing can follow it.",
                    $"Leave it out; lag is measured of {string.Join(", ", LagFollowing.Measured)}.");
            }
            if (follows.AtLeast > follows.AtMost)
            {
                place.Error(place.Has("atLeast") ? "atLeast" : "atMost", $"The tolerance of {row.Class} would be at "
                    + $"least {Show(follows.AtLeast)} and at most {Show(follows.AtMost)}.",
                    "Write an atLeast that is not above atMost.");
            }
            else if (row.Tolerance is { } time && (time < follows.AtLeast || time > follows.AtMost))
            {
                place.Note("tolerance", $"Until enough was measured, {Show(time)} are tolerated of {row.Class}, which "
                    + $"is not within {Show(follows.AtLeast)} to {Show(follows.AtMost)}.",
                    "Write a tolerance within the bounds, if that is not meant.");
            }
        }
    }

    private static string Show(TimeSpan time) => DurationText.Show((long)time.TotalMilliseconds);

    private static string Shown(FieldReader place, string name) => place.Node[name]!.Text;

    private static string Shortened(HashSet<string> ids)
    {
        const int Most = 10;
        return string.Join(", ", ids.Take(Most)) + (ids.Count > Most ? $" and {ids.Count - Most} more" : "");
    }
}
