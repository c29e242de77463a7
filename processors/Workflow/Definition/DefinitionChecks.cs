using Alloc.Processors.Documents;
using Alloc.Processors.Notation;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>What must hold between the rows of a definition, each its own small check.</summary>
internal sealed class DefinitionChecks(WorkflowDefinition definition, DefinitionTables tables, FieldReader root)
{
    private bool HasFraud => definition.Segments.Any(segment => segment.Steps.Contains(WorkflowStep.Fraud));

    public void Run(WorkflowDefinition? previous, long? groupRevocableMs)
    {
        RowIds.CheckUnique(tables.Segments, segment => segment.Id);
        RowIds.CheckUnique(tables.Mappings, mapping => mapping.Id);
        Segments();
        Limits(groupRevocableMs);
        Objects();
        Mappings();
        Migrations();
        if (previous is not null)
        {
            Gone(previous);
        }
    }

    private void Segments()
    {
        if (tables.Segments.Count == 0)
        {
            root.Error("segments", "There is no segment.", "Write at least one, for instance "
                + "{id: standard, steps: [hold, fraud, authorise, confirm, fulfil]}.");
            return;
        }
        for (var index = 1; index < tables.Segments.Count; index++)
        {
            var (segment, place) = tables.Segments[index];
            if (tables.Segments.Take(index).FirstOrDefault(earlier => earlier.Row.Covers(segment))
                is { Row: { } first } found)
            {
                place.Error("id", $"The segment '{segment.Id}' has no order: '{first.Id}' in line "
                    + $"{found.Place.Node.Line} matches all that it matches.",
                    "Write the narrower one first, or remove it.");
            }
        }
        var (last, lastPlace) = tables.Segments[^1];
        if (last.When is not null)
        {
            lastPlace.Error("when", $"The last segment '{last.Id}' does not match every order.",
                "Leave its when out, or write another segment after it.");
        }
    }

    private void Limits(long? groupRevocableMs)
    {
        if (tables.Segments.Count == 0)
        {
            return;
        }
        var seen = new Dictionary<WorkflowStep, int>();
        foreach (var (limit, place) in tables.Limits)
        {
            if (!seen.TryAdd(limit.Step, place.Node.Line))
            {
                place.Error("step", $"The step {Words.Of(limit.Step)} has a limit in line {seen[limit.Step]} already.",
                    "Keep one of them.");
            }
            if (!IsReached(limit.Step))
            {
                place.Error("step", $"No order waits for {Words.Of(limit.Step)}: no segment has the step fraud.",
                    "Remove the row, or write fraud into a segment.");
            }
            if (limit.Step == WorkflowStep.Confirm && groupRevocableMs is { } revocableMs
                && limit.WithinMs > revocableMs / 2)
            {
                place.Error("within", $"{DurationText.Show(limit.WithinMs)} are more than half of the "
                    + $"{DurationText.Show(revocableMs)} for which the ledger revokes what a group "
                    + "confirmed: after them it could be too late to take a part back.",
                    $"Write {DurationText.Show(revocableMs / 2)} at most, or a longer groupRevocable into "
                    + "the policy.");
            }
        }
        foreach (var step in Enum.GetValues<WorkflowStep>().Where(step => IsReached(step) && !seen.ContainsKey(step)))
        {
            root.Error("limits", $"The step {Words.Of(step)} has no limit: an order could wait there for ever.",
                $"Write one, for instance {Shown(WorkflowDefinition.Shipped.LimitOf(step)!)}.");
        }
    }

    // Whoever has a fraud decision may have one that says Review; the others come to every order, or to whoever asks.
    private bool IsReached(WorkflowStep step) => step is not (WorkflowStep.Fraud or WorkflowStep.Review) || HasFraud;

    private void Objects()
    {
        var (undo, rules) = (definition.Compensation, definition.Review);
        if (root.Object("compensation") is { } compensation && undo.FirstPauseMs > undo.LongestPauseMs)
        {
            compensation.Error(compensation.Has("longestPause") ? "longestPause" : "firstPause",
                $"The longest pause {DurationText.Show(undo.LongestPauseMs)} is shorter than the first "
                + $"{DurationText.Show(undo.FirstPauseMs)}.", "Write a firstPause that is not above longestPause.");
        }
        if (root.Object("review") is { } review)
        {
            if (rules.AcceptBelow > rules.RejectFrom)
            {
                review.Error(review.Has("acceptBelow") ? "acceptBelow" : "rejectFrom",
                    $"Scores from {rules.RejectFrom} up to {rules.AcceptBelow} would be both accepted and rejected.",
                    "Write an acceptBelow that is not above rejectFrom.");
            }
            if (rules.Reviewers == 0 && HasFraud)
            {
                review.Note("reviewers", "There is never room for a case: nobody reviews.",
                    "Write how many do, if somebody does.");
            }
        }
        var longestMs = definition.Payment.LongestMs;
        if (tables.Limits.Find(limit => limit.Row.Step == WorkflowStep.Authorise) is { Row: { } limit } found
            && longestMs > limit.WithinMs)
        {
            found.Place.Note("within", $"The {definition.Payment.Tries} tries of a payment may take "
                + $"{DurationText.Show((long)longestMs)}, and the limit is {DurationText.Show(limit.WithinMs)}: "
                + "the last ones may never be made.", "Write a longer limit, or fewer or faster tries.");
        }
    }

    private void Mappings()
    {
        var seen = new Dictionary<(string System, int Version, string Code), int>();
        foreach (var (mapping, place) in tables.Mappings)
        {
            var key = (mapping.OutsideSystem, mapping.Version, mapping.Code);
            if (!seen.TryAdd(key, place.Node.Line))
            {
                place.Error("code", $"The code '{mapping.Code}' of {mapping.OutsideSystem} in version "
                    + $"{mapping.Version} is mapped in line {seen[key]} already.", "Keep one of them.");
            }
        }
    }

    private void Migrations()
    {
        var seen = new Dictionary<int, int>();
        foreach (var (migration, place) in tables.Migrations)
        {
            if (migration.To != definition.Version)
            {
                place.Error("to", $"Orders would move to version {migration.To}, and this is version "
                    + $"{definition.Version}.", $"Write {definition.Version}.");
            }
            if (migration.From >= migration.To)
            {
                place.Error("from", $"Version {migration.From} does not come before version {migration.To}.",
                    "Write an earlier version.");
            }
            if (!seen.TryAdd(migration.From, place.Node.Line))
            {
                place.Error("from", $"Version {migration.From} has a row in line {seen[migration.From]} already.",
                    "Keep one of them.");
            }
        }
    }

    private void Gone(WorkflowDefinition previous)
    {
        if (definition.MigrationOf(previous.Version) == MigrationRule.Move)
        {
            foreach (var segment in previous.Segments.Where(segment => definition.Segment(segment.Id) is null))
            {
                root.Note("segments", $"The segment '{segment.Id}' is gone: its orders that move from version "
                    + $"{previous.Version} find another one.", "Keep it, or let them finish, if that is not meant.");
            }
        }
        foreach (var mapping in previous.Mappings)
        {
            if (definition.MeaningOf(mapping.OutsideSystem, mapping.Version, mapping.Code) is null)
            {
                root.Note("mappings", $"The code '{mapping.Code}' of {mapping.OutsideSystem} in version "
                    + $"{mapping.Version} means nothing any more: whoever sends it goes to the exception queue.",
                    "Keep the row until nobody does.");
            }
        }
    }

    private static string Shown(LimitRow limit) =>
        $"{{step: {Words.Of(limit.Step)}, within: {DurationText.Show(limit.WithinMs)}, then: {Words.Of(limit.Then)}}}";
}
