using System.CommandLine;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.General;

/// <summary><c>alloc checkpoint</c>: has an instance write a checkpoint of its tasks now.</summary>
internal static class CheckpointCommand
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    public static Command Create() =>
        new Command("checkpoint", "Have an instance write a checkpoint of its tasks now")
            .Takes(ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context, DefaultTimeout);
        var answer = await console.PostAsync("v1/checkpoint", cancellation).ConfigureAwait(false);
        context.Screen.One(answer, _ =>
        {
            foreach (var path in answer["checkpoints"]!.AsArray())
            {
                context.Screen.Verbatim(path!.ToString());
            }
        });
        return ExitCode.Ok;
    }
}
