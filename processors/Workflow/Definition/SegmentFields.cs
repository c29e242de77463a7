using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>Reads a segment, and says what is wrong with the order of its steps.</summary>
internal static class SegmentFields
{
    // Where a list is longer, its length is what is wrong with it.
    private const int MostWords = 20;

    public static SegmentRow Segment(FieldReader f) => new(f.Id("id"), When(f), Steps(f));

    private static SegmentCondition? When(FieldReader f)
    {
        if (f.Object("when") is not { } when)
        {
            return null;
        }
        if (when.Node.Fields!.All(field => field.Value.Kind == NodeKind.Null))
        {
            f.Error("when", "There is no condition.",
                "Write attributes or amountAtLeastMinor; leave when out if the segment matches every order.");
        }
        var condition = new SegmentCondition { Attributes = Attributes(when), Amount = Amount(when) };
        when.Finish();
        return condition;
    }

    private static ValueList<AttributeCondition> Attributes(FieldReader when)
    {
        if (when.Object("attributes") is not { } f)
        {
            return [];
        }
        var fields = f.Node.Fields!;
        if (fields.Count is 0 or > DefinitionRanges.Attributes)
        {
            when.Error("attributes", $"There are {fields.Count} attributes; there may be 1 to "
                + $"{DefinitionRanges.Attributes}.", "Write names, each with its values: {risk: [high]}.");
            return [];
        }
        var attributes = new List<AttributeCondition>();
        foreach (var name in fields.Select(field => field.Name))
        {
            if (name.Length is 0 or > FieldReader.MaximumTextLength)
            {
                f.Error(name, $"The attribute's name has {name.Length} characters.",
                    $"Write 1 to {FieldReader.MaximumTextLength} characters.");
            }
            if (f.Node[name] is { Kind: NodeKind.List, Items.Count: 0 })
            {
                f.Error(name, "The attribute may have no value.", "Write those that it may have.");
            }
            attributes.Add(new AttributeCondition(name, f.Texts(name, DefinitionRanges.Values)));
        }
        attributes.Sort((x, y) => string.CompareOrdinal(x.Name, y.Name));
        return new ValueList<AttributeCondition>([.. attributes]);
    }

    private static AmountCondition? Amount(FieldReader when)
    {
        if (!when.Optional("amountAtLeastMinor"))
        {
            when.Forbid("currency", "a condition without amountAtLeastMinor");
            return null;
        }
        return new AmountCondition(
            when.Whole("amountAtLeastMinor", 0, long.MaxValue), when.Checked("currency", CurrencyWrongs));
    }

    private static ValueList<WorkflowStep> Steps(FieldReader f)
    {
        var words = f.Texts("steps", MostWords, StepWrongs);
        var steps = words.Select(word => WorkflowSteps.OfSegments
            .Where(step => Words.Of(step) == word).Select(step => (WorkflowStep?)step).FirstOrDefault()).ToList();
        // Of a list that has another word, or is none, the order says nothing.
        if (f.Node["steps"] is not { Kind: NodeKind.List } list || list.Items!.Count != steps.Count
            || steps.Contains(null))
        {
            return [];
        }
        ValueList<WorkflowStep> known = new([.. steps.Select(step => step!.Value)]);
        CheckOrder(known, f);
        return known;
    }

    private static void CheckOrder(ValueList<WorkflowStep> steps, FieldReader f)
    {
        var missing = WorkflowSteps.OfSegments
            .Where(step => step != WorkflowStep.Fraud && !steps.Contains(step)).ToList();
        if (missing.Count > 0)
        {
            f.Error("steps", $"The list lacks {string.Join(", ", missing.Select(Words.Of))}.",
                "Write hold, authorise, confirm and fulfil, and fraud where it is checked.");
        }
        var late = steps.SkipWhile(step => step != WorkflowStep.Confirm)
            .Where(WorkflowSteps.BeforeConfirm.Contains).ToList();
        if (late.Count > 0)
        {
            f.Error("steps", $"After confirm comes {string.Join(", ", late.Select(Words.Of))}, and nothing can be "
                + "taken back there.", "Write hold, fraud and authorise before confirm.");
        }
        if (steps.Contains(WorkflowStep.Fulfil) && steps[^1] != WorkflowStep.Fulfil)
        {
            f.Error("steps", $"After fulfil comes {Words.Of(steps[^1])}, when goods may have left.",
                "Write fulfil at the end.");
        }
    }

    private static IEnumerable<(string What, string Remedy)> StepWrongs(string text)
    {
        if (!WorkflowSteps.OfSegments.Any(step => Words.Of(step) == text))
        {
            yield return ("is no step of a segment",
                $"Write {string.Join(", ", WorkflowSteps.OfSegments.Select(Words.Of))}.");
        }
    }

    private static IEnumerable<(string What, string Remedy)> CurrencyWrongs(string text)
    {
        if (text.Length != DefinitionRanges.CurrencyLength || !text.All(char.IsAsciiLetterUpper))
        {
            yield return ("is no currency", "Write three capital letters of ISO 4217: EUR.");
        }
    }
}
