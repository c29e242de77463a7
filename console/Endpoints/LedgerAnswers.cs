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
        var place = await directory.FindAsync(poolId, context.RequestAborted).ConfigureAwait(false);
        if (place.Reads is { } reads)
        {
            var found = read(reads);
            await (found is null
                ? Problem.WriteAsync(context, 404, "Not found", nothing)
                : JsonAnswer.WriteAsync(context, 200, found))
                .ConfigureAwait(false);
            return;
        }
        if (place.Owner is { } owner && !Peers.IsForwarded(context.Request))
        {
            if (await peers.AskAsync(owner, context.Request, context.RequestAborted)
                .ConfigureAwait(false) is { Body: { } body } answer)
            {
                var mediaType = (int)answer.Status >= 400 ? Problem.MediaType : "application/json";
                await JsonAnswer.WriteAsync(context, (int)answer.Status, body, mediaType).ConfigureAwait(false);
                return;
            }
            await Problem.WriteAsync(
                context, 503, "The owner does not answer",
                $"{place.Detail} It does not answer now; ask it, or try again.",
                new JsonObject { ["owner"] = owner.ToString() }).ConfigureAwait(false);
            return;
        }
        context.Response.Headers.RetryAfter = "1";
        await Problem.WriteAsync(context, 503, "Not ready", place.Detail).ConfigureAwait(false);
    }
}
