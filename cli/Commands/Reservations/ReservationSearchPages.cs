using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>What a search found.</summary>
/// <param name="Rows">Reservations, in the order of the search.</param>
/// <param name="HasMore">There are more, or may be.</param>
/// <param name="IsComplete">Every partition was looked at.</param>
/// <param name="LagSeconds">How old the answer is.</param>
/// <param name="Why">Why partitions are missing, or the projection stopped.</param>
internal sealed record SearchResult(
    IReadOnlyList<JsonObject> Rows, bool HasMore, bool IsComplete, double LagSeconds, string? Why)
{
    private const double NoticeableSeconds = 5;

    /// <summary>Says what the reader must know before believing the rows.</summary>
    public void Warn(CommandContext context)
    {
        if (!IsComplete)
        {
            context.Screen.Warn($"Some partitions are missing here: {Why}");
        }
        else if (Why is not null)
        {
            context.Screen.Warn($"The search projection stopped, what is shown may be old: {Why}");
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
        var complete = true;
        double lag = 0;
        string? why = null;
        string? cursor = null;
        do
        {
            var page = await console.GetAsync(
                $"v1/reservations?limit={Math.Min(PageSize, limit - read)}{query}"
                + (cursor is null ? "" : $"&cursor={cursor}"), cancellation).ConfigureAwait(false);
            var found = page["reservations"]!.AsArray().OfType<JsonObject>().ToList();
            read += found.Count;
            rows.AddRange(found.Where(keep).Select(Row));
            complete &= page["complete"]!.GetValue<bool>();
            lag = Math.Max(lag, page["lagSeconds"]!.GetValue<double>());
            why ??= page["failure"]?.ToString() ?? page["why"]?.ToString();
            cursor = page["next"]?.ToString();
        }
        while (cursor is not null && read < limit);
        return new SearchResult(rows, cursor is not null, complete, lag, why);
    }

    private static JsonObject Row(JsonObject found)
    {
        var row = (JsonObject)found.DeepClone();
        row.Remove("place");
        return row;
    }
}
