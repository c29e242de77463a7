using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Tasks;

/// <summary><c>alloc task list</c>: the tasks of an instance, how far they are and what they wait for.</summary>
internal static class TaskListCommand
{
    public static Command Create() =>
        new Command("list", "Show the tasks of an instance and what they wait for")
            .Takes(ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var answer = await console.GetAsync("v1/tasks", cancellation).ConfigureAwait(false);
        var rows = new List<JsonObject>();
        foreach (var task in answer["tasks"]!.AsArray())
        {
            var row = (JsonObject)task!.DeepClone();
            row["state"] = (bool?)row["stopped"] == true ? "stopped"
                : row["waitingFor"] is null ? "running" : "waiting";
            rows.Add(row);
        }
        foreach (var task in answer["restoring"]!.AsArray())
        {
            var row = (JsonObject)task!.DeepClone();
            row["state"] = "restoring";
            rows.Add(row);
        }
        context.Screen.Rows(
            rows,
            Column.Text("TASK", "task"),
            Column.Text("STATE", "state"),
            Column.Number("PROCESSED", "processed"),
            Column.Number("DEAD LETTERS", "deadLetters"),
            Column.Number("REMAINING", "remaining"),
            Column.Text("WAITING FOR", "waitingFor"));
        return ExitCode.Ok;
    }
}
