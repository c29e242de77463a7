using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Client;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// Up to when the sources of an instance's applications are known, and what holds that back: as far as it answers.
/// </summary>
internal sealed class LiveWatermarks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly Dictionary<string, JsonArray> byRole = new(StringComparer.Ordinal);

    /// <summary>Asks the instance for each of these roles; nobody has to answer.</summary>
    public static async Task<LiveWatermarks> AskAsync(
        CommandContext context, IEnumerable<string> roles, CancellationToken cancellation)
    {
        var found = new LiveWatermarks();
        using var console = JsonHttp.Console(context, Patience);
        foreach (var role in roles)
        {
            try
            {
                var (status, body) = await console.TryAsync(
                    HttpMethod.Get, $"v1/tasks?role={role}", cancellation).ConfigureAwait(false);
                if (status == HttpStatusCode.OK && body?["watermarks"] is JsonArray { Count: > 0 } watermarks)
                {
                    found.byRole[role] = watermarks;
                }
            }
            catch (AllocException e) when (e.Kind is FailureKind.Unavailable or FailureKind.Failed)
            {
                // A topology is described without any instance's help.
                break;
            }
        }
        return found;
    }

    /// <summary>A role's as data; null where nobody said.</summary>
    public JsonNode? Json(string role) => byRole.GetValueOrDefault(role)?.DeepClone();

    /// <summary>The same for people; empty where nobody said.</summary>
    public string Text(string role)
    {
        if (!byRole.TryGetValue(role, out var watermarks))
        {
            return "";
        }
        var text = new StringBuilder("\nWatermarks at this instance:");
        foreach (var watermark in watermarks)
        {
            var lag = Duration.Show(TimeSpan.FromSeconds(watermark!["lagSeconds"]!.GetValue<double>()));
            text.Append("\n   ").Append(Column.Show(watermark["topic"])).Append('-')
                .Append(Column.Show(watermark["partition"]))
                .Append(watermark["watermark"] is { } at
                    ? $"  known up to {Column.Show(at)}, {lag} ago"
                    : "  not known yet");
            if (watermark["heldBy"] is { } why)
            {
                text.Append("; since ").Append(Column.Show(watermark["since"])).Append(": ")
                    .Append(Column.Show(why));
            }
        }
        return text.ToString();
    }
}
