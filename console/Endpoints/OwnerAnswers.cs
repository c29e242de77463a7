using System.Net;
using System.Text.Json.Nodes;
using Alloc.Web.Reads;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web.Endpoints;

/// <summary>One partition, as it can be read: here and now, or as it was when Kafka was heard last.</summary>
internal interface IOwnedReads
{
    /// <summary>Knows who has the partition.</summary>
    IPartitionOwners Owners { get; }

    /// <summary>
    /// Reads it where it is here and ready all the time, else false; null where it has no such thing.
    /// </summary>
    bool TryRead(out JsonObject? found);

    /// <summary>The same from what was here when Kafka was heard last, and how long ago that was.</summary>
    bool TryReadLast(out JsonObject? found, out TimeSpan age);
}

/// <summary>Answers about one partition from the instance that has it, whichever was asked.</summary>
internal static class OwnerAnswers
{
    /// <summary>Answers with what is read, 404 with <paramref name="nothing"/> where that is null.</summary>
    public static async Task AnswerAsync(
        HttpContext context, Peers peers, int partition, IOwnedReads reads, string nothing)
    {
        (HttpStatusCode Status, JsonNode? Body)? said = null;
        Uri? asked = null;
        for (var isFresh = false; ; isFresh = true)
        {
            if (reads.TryRead(out var found))
            {
                await WriteAsync(context, found, nothing).ConfigureAwait(false);
                return;
            }
            var place = await reads.Owners.FindAsync(partition, isFresh, context.RequestAborted)
                .ConfigureAwait(false);
            if (!place.IsCurrent && reads.TryReadLast(out found, out var age))
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
