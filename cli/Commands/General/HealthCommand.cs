using System.CommandLine;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.General;

/// <summary>
/// <c>alloc health</c>: whether an instance can do its work, as an exit code; what a container's health check runs.
/// </summary>
internal static class HealthCommand
{
    private static readonly Option<bool> Ready = new("--ready")
    {
        Description = "Ask whether it decides now, too: while it restores or Kafka is away it does not",
    };

    public static Command Create() =>
        new Command("health", "Say whether an instance can do its work: exit code 0, or 6")
            .Takes(Ready, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context, TimeSpan.FromSeconds(3));
        var (status, body) = await console
            .TryAsync(HttpMethod.Get, context.Get(Ready) ? "readyz" : "healthz", cancellation).ConfigureAwait(false);
        var answer = body as System.Text.Json.Nodes.JsonObject ?? [];
        context.Screen.One(answer, _ => context.Screen.Verbatim(answer["status"]?.ToString() ?? $"{(int)status}"));
        return (int)status < 400 ? ExitCode.Ok : ExitCode.Unavailable;
    }
}
