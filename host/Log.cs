using Microsoft.Extensions.Logging;

namespace Alloc.Host;

/// <summary>What an instance itself logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Topic {Topic} created")]
    public static partial void TopicCreated(ILogger logger, string topic);

    [LoggerMessage(2, LogLevel.Warning, "Topic {Topic} {Problem}. {Remedy}")]
    public static partial void TopicDiffers(ILogger logger, string topic, string problem, string remedy);

    [LoggerMessage(5, LogLevel.Warning,
        "Waits for the schema registry to register the contracts of its topics, for {Seconds:F0} s so far; "
        + "nothing is decided meanwhile: {Reason}")]
    public static partial void RegistryAway(ILogger logger, double seconds, string reason);

    [LoggerMessage(6, LogLevel.Warning, "The schema registry answers, after {Seconds:F1} s")]
    public static partial void RegistryAnswers(ILogger logger, double seconds);

    [LoggerMessage(7, LogLevel.Information, "The search projection builds generation {Generation} from the beginning")]
    public static partial void RebuildBegins(ILogger logger, int generation);

    [LoggerMessage(8, LogLevel.Information, "The search projection answers from generation {Generation} now")]
    public static partial void RebuildEnds(ILogger logger, int generation);

    [LoggerMessage(9, LogLevel.Warning, "Generation {Generation} of the search projection was given up: {Reason}")]
    public static partial void RebuildFails(ILogger logger, int generation, string reason);

    [LoggerMessage(14, LogLevel.Warning,
        "Generation {Generation} of the search projection, which has been replaced, is not gone: {Step} failed: "
        + "{Reason}")]
    public static partial void RetirementFails(ILogger logger, int generation, string step, string reason);

    [LoggerMessage(15, LogLevel.Warning, "Waits for Kafka to answer {What}, for {Seconds:F0} s so far: {Reason}")]
    public static partial void KafkaAway(ILogger logger, string what, double seconds, string reason);

    [LoggerMessage(10, LogLevel.Error, "The search projection stopped; decisions go on without it: {Reason}")]
    public static partial void ProjectionStopped(ILogger logger, string reason);

    [LoggerMessage(11, LogLevel.Error, "The application {Role} stopped; the others go on without it: {Reason}")]
    public static partial void RoleStopped(ILogger logger, string role, string reason);

    [LoggerMessage(12, LogLevel.Information, "The search projection builds {Scope} anew, in generation {Generation}")]
    public static partial void ScopeBegins(ILogger logger, string scope, int generation);

    [LoggerMessage(13, LogLevel.Information,
        "The search projection is through with {Scope}: {Phase}, {Count} entries differed {Failure}")]
    public static partial void ScopeEnds(ILogger logger, string scope, string phase, long count, string failure);

    [LoggerMessage(16, LogLevel.Warning, "A scan of partition {Partition} was not answered: {Reason}")]
    public static partial void ScanNotAnswered(ILogger logger, int partition, string reason);

    [LoggerMessage(17, LogLevel.Warning, "Searches were not compared with the ledger, {Scope}: {Reason}")]
    public static partial void ScanFails(ILogger logger, string scope, string reason);

    [LoggerMessage(18, LogLevel.Information,
        "Searches were compared with the ledger, {Scope}: {Entries} entries in {Seconds:F1} s, {Count} differ")]
    public static partial void ScanEnds(ILogger logger, string scope, long entries, double seconds, long count);

    [LoggerMessage(19, LogLevel.Information, "{Scope} of the search is to be built anew for {Mismatch}")]
    public static partial void RebuildWanted(ILogger logger, string scope, string mismatch);

    [LoggerMessage(20, LogLevel.Warning, "{Scope} of the search was not built anew for {Mismatch}: {Reason}")]
    public static partial void RebuildNotBegun(ILogger logger, string scope, string mismatch, string reason);

    [LoggerMessage(21, LogLevel.Warning,
        "{Topic} holds at offset {Offset} what is no valid catalogue, and is passed over: {Reason} Only alloc "
        + "catalogue apply should write there.")]
    public static partial void CatalogueUnusable(ILogger logger, string topic, long offset, string reason);
}
