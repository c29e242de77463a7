using System.Text.Json.Nodes;
using Alloc.Cli.Clients;

namespace Alloc.Cli.Commands.Reconciliation;

/// <summary>Reads lists of mismatches from an instance, piece by piece.</summary>
internal static class MismatchList
{
    private const int PieceCount = 1_000;

    /// <summary>Mismatches of a query, page before ticket, the oldest first.</summary>
    /// <param name="console">The instance.</param>
    /// <param name="query">What is wanted, each part with its ampersand.</param>
    /// <param name="limit">Mismatches at most.</param>
    /// <param name="sinceMs">Only those opened since then, milliseconds since 1970 UTC; null: all.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The mismatches, and whether there are more.</returns>
    public static async Task<(List<JsonObject> Rows, bool HasMore)> ReadAsync(
        JsonHttp console, string query, int limit, long? sinceMs, CancellationToken cancellation)
    {
        var rows = new List<JsonObject>();
        for (var after = ""; ;)
        {
            var answer = await console.GetAsync(
                $"v1/mismatches?limit={Math.Min(limit, PieceCount)}{query}{after}", cancellation)
                .ConfigureAwait(false);
            foreach (var row in answer["mismatches"]!.AsArray().OfType<JsonObject>()
                .Where(r => sinceMs is null || r["openedAtMs"]!.GetValue<long>() >= sinceMs))
            {
                if (rows.Count == limit)
                {
                    return (rows, true);
                }
                rows.Add(row);
            }
            if (answer["next"]?.GetValue<string>() is not { } next)
            {
                return (rows, false);
            }
            if (rows.Count == limit)
            {
                return (rows, true);
            }
            after = MismatchOptions.Part("after", next);
        }
    }
}
