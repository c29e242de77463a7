using System.CommandLine;
using System.Text.Json.Nodes;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Tasks;

/// <summary>
/// <c>alloc task list</c>: the tasks of an instance, how far they are from the end of the log and what they wait for;
/// and the partitions that no instance has.
/// </summary>
internal static class TaskListCommand
{
    private static readonly Option<string?> Role = new("--role")
    {
        Description = "Those of another application of the instance, such as backlog",
        HelpName = "role",
    };

    public static Command Create() =>
        new Command("list", "Show the tasks of an instance and what they wait for")
            .Takes(Role, ClientOptions.Timeout).TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var role = context.Get(Role) is { } name ? $"?role={Uri.EscapeDataString(name)}" : "";
        var answer = await console.GetAsync($"v1/tasks{role}", cancellation).ConfigureAwait(false);
        var rows = new List<JsonObject>();
        var inputs = answer["inputs"]!.AsArray().OfType<JsonObject>().ToList();
        foreach (var task in answer["tasks"]!.AsArray())
        {
            var row = (JsonObject)task!.DeepClone();
            row["state"] = (bool?)row["stopped"] == true ? "stopped"
                : row["waitingFor"] is null ? "running" : "waiting";
            rows.Add(WithInputs(row, inputs));
        }
        foreach (var task in answer["restoring"]!.AsArray())
        {
            var row = (JsonObject)task!.DeepClone();
            row["state"] = "restoring";
            rows.Add(WithInputs(row, inputs));
        }
        rows.AddRange(inputs.Where(i => !i["isHere"]!.GetValue<bool>()).Select(Unowned));
        context.Screen.Rows(
            rows,
            Column.Text("TASK", "task"),
            Column.Text("STATE", "state"),
            Column.Number("PROCESSED", "processed"),
            Column.Number("DEAD LETTERS", "deadLetters"),
            Column.Number("REMAINING", "remaining"),
            Column.Number("LAG", "lagRecords"),
            new Column("AGE", Age) { IsNumber = true },
            Column.Text("WAITING FOR", "waitingFor"));
        return ExitCode.Ok;
    }

    /// <summary>
    /// What waits in a task's inputs, and what holds them up where the task itself waits for nothing.
    /// </summary>
    private static JsonObject WithInputs(JsonObject row, IReadOnlyList<JsonObject> inputs)
    {
        var own = inputs.Where(i => i["isHere"]!.GetValue<bool>()
            && i["partition"]!.GetValue<int>() == row["partition"]!.GetValue<int>()).ToList();
        if (own.Count == 0)
        {
            return row;
        }
        row["lagRecords"] = own.Sum(i => i["lagRecords"]!.GetValue<long>());
        row["ageSeconds"] = own.Max(i => i["ageSeconds"]!.GetValue<double>());
        if (row["waitingFor"] is null && own.Select(i => i["why"]).FirstOrDefault(w => w is not null) is { } why)
        {
            row["waitingFor"] = why.DeepClone();
            row["state"] = row["state"]!.GetValue<string>() == "running" ? "held up" : row["state"]!.DeepClone();
        }
        return row;
    }

    private static JsonObject Unowned(JsonObject input) => new()
    {
        ["task"] = $"{input["topic"]}-{input["partition"]}",
        ["partition"] = input["partition"]!.DeepClone(),
        ["state"] = "unowned",
        ["lagRecords"] = input["lagRecords"]!.DeepClone(),
        ["ageSeconds"] = input["ageSeconds"]!.DeepClone(),
        ["waitingFor"] = input["why"]?.DeepClone(),
    };

    private static string Age(JsonObject row) => row["ageSeconds"]?.GetValue<double>() is not { } seconds
        ? "-"
        : seconds == 0 ? "0 s" : Duration.Show(TimeSpan.FromSeconds(seconds));
}
