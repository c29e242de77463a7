using Alloc.Processors.Documents;

namespace Alloc.Processors.Workflow.Definition;

/// <summary>
/// How orders go: their steps by segment, how long they wait and what happens then, tries, reviews, the words of
/// outside systems: one versioned document, a value. Two are equal exactly when their canonical documents are. A
/// version never changes once it was in force: orders finish by the one that they began with.
/// </summary>
public sealed record WorkflowDefinition
{
    /// <summary>The definition that is shipped, version 1: in force until another is applied.</summary>
    public static WorkflowDefinition Shipped => ShippedDefinition.Version1;

    /// <summary>Version of the document, growing, from 1; 1 is the one that is shipped.</summary>
    public required int Version { get; init; }

    /// <summary>The segments, at least one; the first that matches decides, and the last matches everything.</summary>
    public required ValueList<SegmentRow> Segments { get; init; }

    /// <summary>A row for each step that an order can wait for, in the order of <see cref="WorkflowStep"/>.</summary>
    public required ValueList<LimitRow> Limits { get; init; }

    /// <summary>How payments are asked for.</summary>
    public required PaymentRules Payment { get; init; }

    /// <summary>How what was done is undone.</summary>
    public required CompensationRules Compensation { get; init; }

    /// <summary>How many cases people can decide.</summary>
    public required ReviewRules Review { get; init; }

    /// <summary>What customers are told of new dates.</summary>
    public required PromiseRules Promise { get; init; }

    /// <summary>What codes of outside systems mean, in the order of system, version and code.</summary>
    public ValueList<MappingRow> Mappings { get; init; } = [];

    /// <summary>What happens to orders of earlier versions, in the order of these.</summary>
    public ValueList<MigrationRow> Migrations { get; init; } = [];

    /// <summary>The segment of an order: the first one that matches.</summary>
    /// <param name="attributes">The order's attributes; null: none.</param>
    /// <param name="amountMinor">What it costs, in the smallest unit of the currency; null: unknown.</param>
    /// <param name="currency">The currency, ISO 4217; null: unknown.</param>
    public SegmentRow SegmentOf(IReadOnlyDictionary<string, string>? attributes, long? amountMinor, string? currency)
    {
        foreach (var segment in Segments)
        {
            if (segment.Matches(attributes, amountMinor, currency))
            {
                return segment;
            }
        }
        throw new InvalidOperationException($"No segment of version {Version} matches everything.");
    }

    /// <summary>The segment of this id; null: there is none.</summary>
    public SegmentRow? Segment(string id)
    {
        foreach (var segment in Segments)
        {
            if (segment.Id == id)
            {
                return segment;
            }
        }
        return null;
    }

    /// <summary>
    /// The step that comes after one; null: it was the last. After Review comes what comes after Fraud.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such segment, or it has no such step.</exception>
    public WorkflowStep? NextStep(string segmentId, WorkflowStep step) =>
        (Segment(segmentId) ?? throw new ArgumentException(
            $"Version {Version} has no segment '{segmentId}'.", nameof(segmentId))).After(step);

    /// <summary>How long an order waits for a step; null: none ever does, for no segment leads there.</summary>
    public LimitRow? LimitOf(WorkflowStep step)
    {
        foreach (var limit in Limits)
        {
            if (limit.Step == step)
            {
                return limit;
            }
        }
        return null;
    }

    /// <summary>Whether somebody could decide one more case before its limit.</summary>
    /// <param name="casesWaiting">Cases that wait already, from 0.</param>
    public bool HasRoom(long casesWaiting) =>
        Review.PredictedWaitMs(casesWaiting) < LimitOf(WorkflowStep.Review)?.WithinMs;

    /// <summary>What a code means; null: nobody said so, and nobody guesses.</summary>
    /// <param name="system">The outside system.</param>
    /// <param name="version">Version of its codes.</param>
    /// <param name="code">The code.</param>
    public OutsideMeaning? MeaningOf(string system, int version, string code)
    {
        foreach (var row in Mappings)
        {
            if (row.Version == version && row.OutsideSystem == system && row.Code == code)
            {
                return row.Means;
            }
        }
        return null;
    }

    /// <summary>What happens to an order that began under another version, when it is asked to move here.</summary>
    public MigrationRule MigrationOf(int version)
    {
        foreach (var row in Migrations)
        {
            if (row.From == version)
            {
                return row.Rule;
            }
        }
        return MigrationRule.Finish;
    }
}
