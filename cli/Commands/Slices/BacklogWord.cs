using System.Net;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Client;

namespace Alloc.Cli.Commands.Slices;

/// <summary>How the backlog switched each mode last, or why that is not known.</summary>
/// <param name="Modes">The modes that were ever switched; none where nothing is known.</param>
/// <param name="Unknown">Why it is not known; null: it is.</param>
/// <param name="StaleSeconds">How old it is where Kafka is away; null: it is new.</param>
internal sealed record BacklogWord(IReadOnlyList<JsonObject> Modes, string? Unknown, double? StaleSeconds)
{
    /// <summary>Asks the instance that merges, by the one that is asked.</summary>
    public static async Task<BacklogWord> ReadAsync(JsonHttp console, CancellationToken cancellation)
    {
        try
        {
            var (status, body) = await console.TryAsync(HttpMethod.Get, "v1/stages", cancellation)
                .ConfigureAwait(false);
            return status == HttpStatusCode.OK
                ? new BacklogWord(
                    [.. body!["modes"]!.AsArray().OfType<JsonObject>()], null, (double?)body["staleSeconds"])
                : new BacklogWord([], (body as JsonObject)?["detail"]?.ToString() ?? $"The answer is {status}.", null);
        }
        catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
        {
            return new BacklogWord([], e.Message, null);
        }
    }

    /// <summary>Whether an effect of this name changes decisions of the ledger, and not workflows.</summary>
    public static bool IsOfLedger(JsonObject mode) =>
        mode["effect"]?.ToString() is not ("manualReview" or "laterAuthorization");
}
