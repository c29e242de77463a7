using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>What a search found.</summary>
/// <param name="Rows">Reservations, in the order of the search.</param>
/// <param name="HasMore">There are more, or may be.</param>
/// <param name="Missing">Partitions that were not looked at.</param>
/// <param name="LagSeconds">How old the answer is.</param>
/// <param name="Failure">Why the projection stopped; null: it goes on.</param>
internal sealed record SearchResult(
    IReadOnlyList<JsonObject> Rows, bool HasMore, Incomplete Missing, double LagSeconds, string? Failure)
{
    private const double NoticeableSeconds = 5;

    /// <summary>Says what the reader must know before believing the rows.</summary>
    public void Warn(CommandContext context)
    {
        if (Failure is not null)
        {
            context.Screen.Warn($"The search projection stopped, what is shown may be old: {Failure}");
        }
        if (LagSeconds > NoticeableSeconds)
        {
            context.Screen.Warn(
                $"The search is {Duration.Show(TimeSpan.FromSeconds(LagSeconds))} behind the journal.");
        }
    }
}

/// <summary>Reads a search page by page.</summary>
internal static class ReservationSearchPages
{
    private const int PageSize = 1_000;

    /// <summary>At most so many rows.</summary>
    public static Task<SearchResult> ReadAsync(
        JsonHttp console, string query, int limit, CancellationToken cancellation) =>
        ReadAsync(console, query, limit, _ => true, cancellation);

    /// <summary>At most so many rows, of which the result has some.</summary>
    /// <param name="console">Who is asked.</param>
    /// <param name="query">The search as the URL has it.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="keep">Which of them the result has. What it does not have takes no memory.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<SearchResult> ReadAsync(
        JsonHttp console, string query, int limit, Func<JsonObject, bool> keep, CancellationToken cancellation)
    {
        var rows = new List<JsonObject>();
        var read = 0;
        var missing = new Incomplete();
        double lag = 0;
        string? failure = null;
        string? cursor = null;
        do
        {
            var page = await console.GetAsync(
                $"v1/reservations?limit={Math.Min(PageSize, limit - read)}{query}"
                + (cursor is null ? "" : $"&cursor={cursor}"), cancellation).ConfigureAwait(false);
            var found = page["reservations"]!.AsArray().OfType<JsonObject>().ToList();
            read += found.Count;
            rows.AddRange(found.Where(keep).Select(Row));
            missing.Add(page);
            lag = Math.Max(lag, page["lagSeconds"]!.GetValue<double>());
            failure ??= page["failure"]?.ToString();
            cursor = page["next"]?.ToString();
        }
        while (cursor is not null && read < limit);
        return new SearchResult(rows, cursor is not null, missing, lag, failure);
    }

    private static JsonObject Row(JsonObject found)
    {
        var row = (JsonObject)found.DeepClone();
        row.Remove("place");
        return row;
    }
}
