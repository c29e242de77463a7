namespace Alloc.Client.Outcomes;

/// <summary>The topics of allocation, without a deployment's prefix.</summary>
internal static class TopicNames
{
    public const string Commands = "allocation.commands";

    public const string Outcomes = "allocation.outcomes";

    public const string Availability = "allocation.availability";

    public const string ShadowOutcomes = "allocation.shadow.outcomes";

    public const string Policy = "allocation.policy";

    public const string Scans = "projection.scans";

    public const string ScanReports = "projection.reports";

    public const string RebuildRequests = "projection.requests";

    public const string Stages = "workflow.stages";

    public const string Catalogue = "operations.catalogue";
}
