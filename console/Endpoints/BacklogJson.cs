using System.Text.Json.Nodes;
using Alloc.Processors.Backlog;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;
using Alloc.Web.Json;

namespace Alloc.Web.Endpoints;

/// <summary>Stages, work and holds at risk as JSON: the contracts' own fields, and what follows from them.</summary>
internal static class BacklogJson
{
    /// <summary>A stage: what is said of it, how old that is, and which partitions it is without.</summary>
    public static JsonObject Stage(StageStatus status, OperationsCatalogue catalogue, long nowMs)
    {
        var json = AvroJson.Of(status);
        json["wordAgeSeconds"] = Seconds(nowMs - status.AtMs);
        json["oldestAgeSeconds"] = status.OldestEnteredAtMs is { } oldest ? Seconds(status.AtMs - oldest) : null;
        json["breachedShare"] = status.Waiting > 0 ? (double)status.Breached / status.Waiting : 0;
        json["partial"] = status.Missing.Count > 0;
        json["behind"] = new JsonArray([.. StageKnowledge.Behind(status).Select(p => (JsonNode)p)]);
        foreach (var (partition, said) in json["partitions"]!.AsArray().Zip(status.Partitions))
        {
            partition!["wordAgeSeconds"] = Seconds(nowMs - said.AtMs);
            partition["oldestAgeSeconds"] = said.OldestEnteredAtMs is { } first ? Seconds(status.AtMs - first) : null;
            partition["watermarkAgeSeconds"] = said.WatermarkMs is { } mark ? Seconds(nowMs - mark) : null;
        }
        if (catalogue.Stage(status.StageId) is { } row)
        {
            json["customerState"] = row.CustomerState;
            json["runbook"] = row.Runbook;
        }
        return json;
    }

    /// <summary>A piece of work: where it waits, since when, and which holds it needs.</summary>
    public static JsonObject Work(string workId, WaitingWork work, long nowMs) => new()
    {
        ["workId"] = workId,
        ["stages"] = new JsonArray([.. work.Stages.Select(s => (JsonNode)new JsonObject
        {
            ["stageId"] = s.StageId,
            ["attempt"] = s.Attempt,
            ["standing"] = s.Standing.ToString(),
            ["enteredAt"] = AvroJson.Time(s.EnteredAtMs),
            ["enteredAtMs"] = s.EnteredAtMs,
            ["ageSeconds"] = s.Standing == StageStanding.Open ? Seconds(nowMs - s.EnteredAtMs) : null,
            ["dueAt"] = AvroJson.Time(s.DueAtMs),
            ["slaMs"] = s.SlaMs,
            ["overdue"] = s.Standing == StageStanding.Open && nowMs > s.DueAtMs,
            ["inManualReview"] = s.IsManualReview,
            ["catalogueVersion"] = s.CatalogueVersion,
        })]),
        ["holds"] = new JsonArray([.. work.Holds.Select(h => (JsonNode)new JsonObject
        {
            ["poolId"] = h.PoolId,
            ["reservationId"] = h.ReservationId,
            ["expiresAt"] = AvroJson.Time(h.ExpiresAtMs),
            ["expiresInSeconds"] = Seconds(h.ExpiresAtMs - nowMs),
            ["atRisk"] = h.NamedForMs == h.ExpiresAtMs,
        })]),
        ["lastStage"] = work.LastStage,
        ["lastLeftAt"] = work.LastStage is null ? null : AvroJson.Time(work.LastLeftAtMs),
    };

    /// <summary>A hold at risk.</summary>
    public static JsonObject AtRisk(HoldAtRisk hold, int partition, long nowMs) => new()
    {
        ["stageId"] = hold.StageId,
        ["workId"] = hold.WorkId,
        ["poolId"] = hold.PoolId,
        ["reservationId"] = hold.ReservationId,
        ["expiresAt"] = AvroJson.Time(hold.ExpiresAtMs),
        ["expiresInSeconds"] = Seconds(hold.ExpiresAtMs - nowMs),
        ["waitedSeconds"] = Seconds(nowMs - hold.EnteredAtMs),
        ["predictedLeaveAt"] = hold.PredictedLeaveAtMs is { } leave ? AvroJson.Time(leave) : null,
        ["named"] = hold.IsNamed,
        ["partition"] = partition,
    };

    /// <summary>When what entered with so many before it leaves, at the rate of the last minute; null: never.</summary>
    public static long? PredictedLeaveMs(StageStatus status, long enteredBefore) => status.DeparturesPerSecond > 0
        && (enteredBefore + 1) / status.DeparturesPerSecond * 1_000 is var ms and < 1e12
            ? status.AtMs + (long)ms
            : null;

    private static double Seconds(long ms) => Math.Round(ms / 1_000.0, 1);
}
