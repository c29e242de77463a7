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
            json["pageShare"] = row.PageShare;
        }
        return json;
    }

    /// <summary>A piece of work: where it waits, since when, until when, and which holds it needs.</summary>
    /// <param name="workId">The work.</param>
    /// <param name="work">What is known of it.</param>
    /// <param name="predictionOf">The newest prediction of a stage; null: none is known.</param>
    /// <param name="nowMs">The clock.</param>
    public static JsonObject Work(
        string workId, WaitingWork work, Func<string, StagePrediction?> predictionOf, long nowMs) => new()
        {
            ["workId"] = workId,
            ["stages"] = new JsonArray([.. work.Stages.Select(s => (JsonNode)Stage(s, predictionOf, nowMs))]),
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

    /// <summary>
    /// Adds when what entered at a time leaves, as the merger predicts it: by the same word risks are told.
    /// </summary>
    public static void AddPrediction(JsonObject json, StagePrediction? prediction, long enteredAtMs)
    {
        var leave = PredictedLeave.Of(prediction, enteredAtMs);
        json["predicted"] = leave.Forecast.ToString();
        json["predictedLeaveAt"] = leave.AtMs is { } atMs ? AvroJson.Time(atMs) : null;
        json["predictedAt"] = prediction is null ? null : AvroJson.Time(prediction.AtMs);
    }

    private static JsonObject Stage(WorkStage item, Func<string, StagePrediction?> predictionOf, long nowMs)
    {
        var isOpen = item.Standing == StageStanding.Open;
        var json = new JsonObject
        {
            ["stageId"] = item.StageId,
            ["attempt"] = item.Attempt,
            ["standing"] = item.Standing.ToString(),
            ["enteredAt"] = AvroJson.Time(item.EnteredAtMs),
            ["enteredAtMs"] = item.EnteredAtMs,
            ["ageSeconds"] = isOpen ? Seconds(nowMs - item.EnteredAtMs) : null,
            ["dueAt"] = AvroJson.Time(item.DueAtMs),
            ["slaMs"] = item.SlaMs,
            ["overdue"] = isOpen && nowMs > item.DueAtMs,
            ["inManualReview"] = item.IsManualReview,
            ["catalogueVersion"] = item.CatalogueVersion,
        };
        if (isOpen)
        {
            AddPrediction(json, predictionOf(item.StageId), item.EnteredAtMs);
        }
        return json;
    }

    private static double Seconds(long ms) => Math.Round(ms / 1_000.0, 1);
}
