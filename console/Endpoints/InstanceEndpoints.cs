using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Engine.Observability;
using Alloc.Engine.Restore;
using Alloc.Engine.Runtime;
using Alloc.Engine.Watermarks;
using Alloc.Web.Json;
using Alloc.Web.Reads;
using Alloc.Web.Requests;
using Alloc.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Web.Endpoints;

/// <summary>This instance itself: is it alive, is it ready, what does it do, how far is it, checkpoints.</summary>
internal sealed class InstanceEndpoints(
    HostedApplications applications, Startup startup, DiskSpace disks, TimeSpan patience,
    Func<Stream, CancellationToken, Task> writeMetrics)
{
    private const int MaximumReasonLength = 256;
    private static readonly NumberParameter Through = QueryParameter.Number("through", 0);
    private static readonly QueryParameter RoleName = QueryParameter.Text("role", 32);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", HealthAsync);
        routes.MapGet("/readyz", ReadyAsync).Takes(RoleName);
        routes.MapGet("/metrics", MetricsAsync);
        routes.MapGet("/v1/tasks", TasksAsync).Takes(RoleName);
        routes.MapPost("/v1/checkpoint", CheckpointAsync).Needs(Role.Operator);
        routes.MapPost("/v1/tasks/{topic}/{partition:int}/accept-time", AcceptTimeAsync).Needs(Role.Admin)
            .Takes(Through, QueryParameter.Text("reason", MaximumReasonLength));
    }

    /// <summary>
    /// GET /healthz: 200 while the process can still do its work, 503 when only a restart helps. That Kafka or the
    /// registry is away, or a partition stands, is no reason to restart it.
    /// </summary>
    private Task HealthAsync(HttpContext context)
    {
        var failure = applications.Failure;
        return JsonAnswer.WriteAsync(context, failure is null ? 200 : 503, new JsonObject
        {
            ["status"] = failure is null ? "ok" : "failed",
            ["state"] = StateOf(applications.Primary),
            ["reason"] = failure,
        });
    }

    /// <summary>
    /// GET /readyz?role=: 200 while this instance decides, or would if there were something to decide; else 503 with
    /// what is waited for, and the progress of restoring. With a role, the same of that application. How its other
    /// applications are is always said.
    /// </summary>
    private async Task ReadyAsync(HttpContext context)
    {
        if (await AskedForAsync(context).ConfigureAwait(false) is not { } asked)
        {
            return;
        }
        var progress = asked.Application()?.RestoreProgress ?? [];
        var waits = Waits(asked);
        var ready = waits.Count == 0;
        await JsonAnswer.WriteAsync(context, ready ? 200 : 503, new JsonObject
        {
            ["status"] = ready ? "ready" : "not ready",
            ["state"] = StateOf(asked),
            ["waitingFor"] = waits,
            ["remaining"] = progress.Sum(p => p.Remaining),
            ["restoring"] = new JsonArray([.. progress.Select(p => (JsonNode)RestoreJson(p))]),
            ["applications"] = new JsonArray([.. applications.All.Select(a => (JsonNode)ApplicationJson(a))]),
        }).ConfigureAwait(false);
    }

    /// <summary>GET /metrics in Prometheus' text format.</summary>
    private Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return writeMetrics(context.Response.Body, context.RequestAborted);
    }

    /// <summary>
    /// GET /v1/tasks?role=: the tasks of this instance's application, ready ones and those that restore, and how far
    /// the work of each input partition is, also of those that nobody has.
    /// </summary>
    private async Task TasksAsync(HttpContext context)
    {
        if (await AskedForAsync(context).ConfigureAwait(false) is not { } asked)
        {
            return;
        }
        var application = asked.Application();
        await JsonAnswer.WriteAsync(context, 200, new JsonObject
        {
            ["instance"] = application?.InstanceId,
            ["role"] = asked.Role,
            ["state"] = StateOf(asked),
            ["failure"] = asked.Failure,
            ["tasks"] = new JsonArray([.. (application?.Tasks ?? []).Select(t => (JsonNode)new JsonObject
            {
                ["task"] = t.TaskId.ToString(),
                ["partition"] = t.TaskId.Partition,
                ["processed"] = t.Processed,
                ["deadLetters"] = t.DeadLetters,
                ["skippedDecided"] = t.SkippedDecided,
                ["waitingFor"] = t.WaitingFor,
                ["waitingSeconds"] = t.Waited.TotalSeconds,
                ["stopped"] = t.IsStopped,
                ["unwrittenEntries"] = t.UnwrittenEntries,
            })]),
            ["restoring"] = new JsonArray(
                [.. (application?.RestoreProgress ?? []).Select(p => (JsonNode)RestoreJson(p))]),
            ["inputs"] = new JsonArray([.. (application?.Inputs ?? []).Select(i => (JsonNode)InputJson(i))]),
            ["watermarks"] = new JsonArray(
                [.. (application?.Watermarks ?? []).Select(w => (JsonNode)WatermarkJson(w))]),
        }).ConfigureAwait(false);
    }

    /// <summary>POST /v1/checkpoint: writes a checkpoint of every task of this instance and answers where.</summary>
    private async Task CheckpointAsync(HttpContext context)
    {
        IReadOnlyList<string> written;
        try
        {
            written = applications.Primary.Application() is { } application
                ? await application.CheckpointAsync().ConfigureAwait(false)
                : [];
        }
        catch (InvalidOperationException e)
        {
            await Problem.WriteAsync(context, 409, "No checkpoint directory",
                $"{e.Message} Start with --checkpoint-dir.").ConfigureAwait(false);
            return;
        }
        await JsonAnswer.WriteAsync(context, 200, new JsonObject
        {
            ["checkpoints"] = new JsonArray([.. written.Select(path => (JsonNode)path)]),
        }).ConfigureAwait(false);
    }

    /// <summary>
    /// POST /v1/tasks/{topic}/{partition}/accept-time?through=&amp;reason= : the partition goes on with records, up to
    /// an offset, that are stamped ahead of the clock.
    /// </summary>
    private async Task AcceptTimeAsync(HttpContext context)
    {
        var topic = (string)context.Request.RouteValues["topic"]!;
        var partition = int.Parse((string)context.Request.RouteValues["partition"]!, CultureInfo.InvariantCulture);
        var reason = context.Request.Query["reason"].ToString();
        if (Through.Of(context.Request.Query) is not { } through || reason.Length == 0)
        {
            await Problem.WriteAsync(context, 400, "Not understood",
                $"Give through=OFFSET and reason=TEXT of 1 to {MaximumReasonLength} characters.").ConfigureAwait(false);
            return;
        }
        if (!applications.All.Any(a => a.Application()?.AcceptTime(topic, partition, through, reason) == true))
        {
            await Problem.WriteAsync(context, 404, "Not here",
                $"This instance does not process {topic}-{partition}; alloc group describe shows which one does.")
                .ConfigureAwait(false);
            return;
        }
        await JsonAnswer.WriteAsync(context, 200, new JsonObject
        {
            ["topic"] = topic,
            ["partition"] = partition,
            ["through"] = through,
        }).ConfigureAwait(false);
    }

    /// <summary>The application of the role that was asked for, or the primary one; null after a refusal.</summary>
    private async Task<HostedApplication?> AskedForAsync(HttpContext context)
    {
        if (context.Request.Query[RoleName.Name].ToString() is not { Length: > 0 } role)
        {
            return applications.Primary;
        }
        if (applications.Find(role) is { } found)
        {
            return found;
        }
        await Problem.WriteAsync(
            context, 404, "Not here", $"This instance does not run '{role}'; it runs {applications.Names}.")
            .ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Disks that are full, and what the start, or an application's work, waits for; empty when nothing does.
    /// </summary>
    private JsonArray Waits(HostedApplication asked)
    {
        var waits = new JsonArray(
            [.. disks.Full().Concat(asked.Application()?.WaitingFor ?? []).Select(Whole)]);
        foreach (var wait in startup.WaitingFor is { } reason ? [Whole(reason)] : Waiting(asked))
        {
            waits.Add(wait);
        }
        return waits;
    }

    private static JsonNode Whole(string reason) => new JsonObject { ["task"] = null, ["reason"] = reason };

    private IEnumerable<JsonNode> Waiting(HostedApplication asked)
    {
        if (asked.StartFailure() is { } failure)
        {
            return [Whole($"It did not start: {failure}")];
        }
        if (asked.Application() is not { } application)
        {
            return [Whole("It starts.")];
        }
        return Readiness.Of(
            application.State, application.Tasks, application.RestoreProgress, application.Inputs,
            application.Contact, application.Failure?.Message, patience).Select(w => (JsonNode)new JsonObject
            {
                ["task"] = w.Task,
                ["input"] = w.Input,
                ["reason"] = w.Reason,
                ["seconds"] = w.Waited?.TotalSeconds,
            });
    }

    private JsonObject ApplicationJson(HostedApplication application) => new()
    {
        ["role"] = application.Role,
        ["state"] = StateOf(application),
        ["ready"] = startup.WaitingFor is null && !Waiting(application).Any(),
        ["failure"] = application.Failure,
    };

    private static string StateOf(HostedApplication application) => application.Failure is not null
        ? nameof(StreamsState.Error)
        : (application.Application()?.State ?? StreamsState.Created).ToString();

    private static JsonObject InputJson(InputStatus input) => new()
    {
        ["topic"] = input.Topic,
        ["partition"] = input.Partition,
        ["isHere"] = input.IsHere,
        ["committed"] = input.Committed,
        ["end"] = input.End,
        ["lagRecords"] = input.LagRecords,
        ["ageSeconds"] = input.Age.TotalSeconds,
        ["stalledSeconds"] = input.Stalled.TotalSeconds,
        ["why"] = input.Why,
    };

    private static JsonObject WatermarkJson(WatermarkStatus watermark) => new()
    {
        ["topic"] = watermark.Topic,
        ["partition"] = watermark.Partition,
        ["watermark"] = watermark.WatermarkMs is { } ms ? AvroJson.Time(ms) : null,
        ["lagSeconds"] = Math.Round(watermark.Lag.TotalSeconds, 1),
        ["since"] = watermark.SinceMs is { } since ? AvroJson.Time(since) : null,
        ["heldBy"] = watermark.HeldBy,
    };

    private static JsonObject RestoreJson(RestoreProgress progress) => new()
    {
        ["task"] = progress.TaskId.ToString(),
        ["partition"] = progress.TaskId.Partition,
        ["restored"] = progress.Restored,
        ["remaining"] = progress.Remaining,
        ["waitingFor"] = progress.WaitingFor,
    };
}
