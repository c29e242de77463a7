using System.Text.Json.Nodes;
using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Web.Json;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>
/// What waits: stages as the task that merges all partitions knows them, one piece of work, and holds that expire
/// before it is their turn. Any instance with the backlog answers for all of them.
/// </summary>
internal sealed class BacklogEndpoints(BacklogDirectory? backlog, Peers peers, TimeProvider time)
{
    private const string Off =
        "This instance runs without the backlog (--roles): ask one that has it (--console).";

    private const int DefaultLimit = 100;
    private static readonly NumberParameter Limit = QueryParameter.Number("limit", 1, most: 10_000);
    private static readonly NumberParameter EnteredAtMs = QueryParameter.Number("enteredAtMs", 0, 253402300799999);
    private static readonly QueryParameter Stage = QueryParameter.Text("stage", 256);

    private long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/stages", StagesAsync);
        routes.MapGet("/v1/stages/{id}", StageAsync).Takes(EnteredAtMs);
        routes.MapGet("/v1/holds-at-risk", AtRiskAsync).Takes(Stage, Limit);
        routes.MapGet("/v1/waiting/{id}", WorkAsync);
    }

    /// <summary>
    /// GET /v1/stages: every stage, how old each partition's word on it is, and which partitions were not heard of.
    /// </summary>
    private Task StagesAsync(HttpContext context) => MergedAsync(
        context, "", stores =>
        {
            var catalogue = BacklogDirectory.Catalogue(stores);
            var statuses = BacklogDirectory.Statuses(stores).OrderBy(s => Place(catalogue, s.StageId)).ToList();
            return new JsonObject
            {
                ["catalogueVersion"] = catalogue.Version,
                ["stages"] = new JsonArray([.. statuses.Select(s => (JsonNode)BacklogJson.Stage(s, catalogue, NowMs))]),
                ["modes"] = new JsonArray([.. BacklogDirectory.Modes(stores).Select(m => (JsonNode)AvroJson.Of(m))]),
                ["complete"] = statuses.All(s => s.Missing.Count == 0),
                ["missing"] = new JsonArray([.. statuses.SelectMany(s => s.Missing).Distinct().Order().Select(
                    p => (JsonNode)new JsonObject
                    {
                        ["partition"] = p,
                        ["why"] = "It has not been heard of for 15 s; the figures are without it.",
                    })]),
            };
        });

    /// <summary>
    /// GET /v1/stages/{id}?enteredAtMs=: one stage; with a time, how many entered before it and when what entered then
    /// is predicted to leave.
    /// </summary>
    private Task StageAsync(HttpContext context)
    {
        var id = RawPath.Segments(context, 2)[0];
        var enteredAtMs = EnteredAtMs.Of(context.Request.Query);
        return MergedAsync(
            context, $"There is no stage {id}, or nothing was heard of it yet.", stores =>
            {
                if (BacklogDirectory.Status(stores, id) is not { } status)
                {
                    return null;
                }
                var json = BacklogJson.Stage(status, BacklogDirectory.Catalogue(stores), NowMs);
                if (enteredAtMs is { } entered)
                {
                    json["enteredBefore"] = BacklogDirectory.EnteredBefore(stores, id, entered);
                    BacklogJson.AddPrediction(json, backlog!.Prediction(id), entered);
                }
                return json;
            });
    }

    /// <summary>
    /// GET /v1/holds-at-risk?stage=&amp;limit=: by name, the first to expire first, over all partitions.
    /// </summary>
    private async Task AtRiskAsync(HttpContext context)
    {
        if (backlog is null)
        {
            await Problem.WriteAsync(context, 503, "No backlog", Off).ConfigureAwait(false);
            return;
        }
        var stage = context.Request.Query[Stage.Name].ToString() is { Length: > 0 } named ? named : null;
        var rows = new AtRiskRows(
            backlog, stage, (int)(Limit.Of(context.Request.Query) ?? DefaultLimit), NowMs);
        var report = await new ScatterGather(backlog.PartitionCount, backlog.StageOwners, peers)
            .GatherAsync(context, rows).ConfigureAwait(false);
        var answer = new JsonObject { ["holds"] = rows.Rows };
        report.WriteTo(answer);
        await JsonAnswer.WriteAsync(context, 200, answer).ConfigureAwait(false);
    }

    /// <summary>
    /// GET /v1/waiting/{id}: where a piece of work waits, when it is predicted to leave, and which holds it needs;
    /// slashes as %2F.
    /// </summary>
    private async Task WorkAsync(HttpContext context)
    {
        var id = RawPath.Segments(context, 2)[0];
        if (backlog is null)
        {
            await Problem.WriteAsync(context, 503, "No backlog", Off).ConfigureAwait(false);
            return;
        }
        var partition = backlog.PartitionOf(id);
        await OwnerAnswers.AnswerAsync(
            context, peers, partition,
            new StoreReads(
                backlog.StageOwners, () => backlog.Partition(partition), () => backlog.PartitionLast(partition),
                stores => BacklogDirectory.Work(stores, id) is { } work
                    ? BacklogJson.Work(id, work, backlog.Prediction, NowMs)
                    : null),
            $"Nothing is known of work {id}: it never entered a stage, or left them all long ago.")
            .ConfigureAwait(false);
    }

    private Task MergedAsync(HttpContext context, string nothing, Func<IStores, JsonObject?> read) =>
        backlog is null
            ? Problem.WriteAsync(context, 503, "No backlog", Off)
            : OwnerAnswers.AnswerAsync(
                context, peers, BacklogDirectory.Merger,
                new StoreReads(backlog.MergerOwners, backlog.Merged, backlog.MergedLast, read), nothing);

    private static int Place(OperationsCatalogue catalogue, string stageId)
    {
        for (var i = 0; i < catalogue.Stages.Count; i++)
        {
            if (catalogue.Stages[i].Id == stageId)
            {
                return i;
            }
        }
        return int.MaxValue;
    }
}
