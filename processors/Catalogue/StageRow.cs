using Alloc.Processors.Documents;

namespace Alloc.Processors.Catalogue;

/// <summary>What customers are told while their order waits in a stage; nothing else is ever said.</summary>
public enum CustomerState
{
    /// <summary>The order is there.</summary>
    Received,

    /// <summary>Something about it is being decided.</summary>
    UnderReview,

    /// <summary>Everything that was asked for is promised.</summary>
    Confirmed,

    /// <summary>It is on its way out.</summary>
    ReadyToShip,
}

/// <summary>A stage: where work waits.</summary>
/// <param name="Id">Name of the stage, as stage events say it.</param>
/// <param name="After">
/// Stages that work usually comes from: where learning the order of stages begins. Empty: work begins here.
/// </param>
/// <param name="Sla">How long work may wait here, from 1 second to 30 days.</param>
/// <param name="PageShare">
/// Share of the waiting work beyond its SLA above which somebody is paged, from 0 (any) to 1 (never).
/// </param>
/// <param name="CustomerState">What customers see meanwhile, a name of <see cref="Catalogue.CustomerState"/>.</param>
/// <param name="Owner">Who owns it: where alerts about it go.</param>
/// <param name="Runbook">What to do about it: a URL, or a path from the root of the repository.</param>
public sealed record StageRow(
    string Id, ValueList<string> After, TimeSpan Sla, double PageShare, string CustomerState, string Owner,
    string Runbook);
