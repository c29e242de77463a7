using System.Net;
using System.Text.Json.Nodes;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Endpoints;

/// <summary>Answers about a pool from the instance that has its ledger, whichever was asked.</summary>
internal sealed class LedgerAnswers(LedgerDirectory directory, Peers peers)
{
    /// <summary>Answers with what is read, 404 with <paramref name="nothing"/> where that is null.</summary>
    public async Task AnswerAsync(
        HttpContext context, string poolId, Func<ILedgerReads, JsonObject?> read, string nothing)
    {
        var partition = directory.PartitionOf(poolId);
        (HttpStatusCode Status, JsonNode? Body)? said = null;
        Uri? asked = null;
        for (var isFresh = false; ; isFresh = true)
        {
            if (directory.TryRead(partition, read, out var found))
            {
                await WriteAsync(context, found, nothing).ConfigureAwait(false);
                return;
            }
            var place = await directory.Owners.FindAsync(partition, isFresh, context.RequestAborted)
                .ConfigureAwait(false);
            if (!place.IsCurrent && directory.TryReadLast(partition, read, out found, out var age))
            {
                if (found is not null)
                {
                    found["staleSeconds"] = Math.Round(age.TotalSeconds, 1);
                }
                await WriteAsync(context, found, nothing).ConfigureAwait(false);
                return;
            }
            if (place.Owner is not { } owner || Peers.IsForwarded(context.Request))
            {
                context.Response.Headers.RetryAfter = "1";
                await Problem.WriteAsync(context, 503, "Not ready", place.Detail).ConfigureAwait(false);
                return;
            }
            if (owner != asked)
            {
                asked = owner;
                said = await peers.AskAsync(owner, context.Request, context.RequestAborted).ConfigureAwait(false);
            }
            // An owner that is silent or has lost the partition is looked up once more: it may have moved in between.
            if (said is { Body: { } body } && (isFresh || said.Value.Status != HttpStatusCode.ServiceUnavailable))
            {
                var status = (int)said.Value.Status;
                await JsonAnswer.WriteAsync(
                    context, status, body, status >= 400 ? Problem.MediaType : "application/json")
                    .ConfigureAwait(false);
                return;
            }
            if (isFresh)
            {
                await Problem.WriteAsync(
                    context, 503, "The owner does not answer",
                    $"{place.Detail} It does not answer now; ask it, or try again.",
                    new JsonObject { ["owner"] = owner.ToString() }).ConfigureAwait(false);
                return;
            }
        }
    }

    private static Task WriteAsync(HttpContext context, JsonObject? found, string nothing) => found is null
        ? Problem.WriteAsync(context, 404, "Not found", nothing)
        : JsonAnswer.WriteAsync(context, 200, found);
}
