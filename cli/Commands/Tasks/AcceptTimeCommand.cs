using System.CommandLine;
using System.Globalization;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Tasks;

/// <summary>
/// <c>alloc task accept-time TOPIC PARTITION --through OFFSET --reason TEXT</c>: a partition that stands because its
/// records are stamped ahead of the clock goes on. What those times make due happens then.
/// </summary>
internal static class AcceptTimeCommand
{
    private static readonly Argument<string> Topic = new("topic") { Description = "The input topic" };
    private static readonly Argument<int> Partition = new("partition") { Description = "The partition" };
    private static readonly Option<long> Through = new("--through")
    {
        Description = "Offset of the last record to accept; alloc task list names the first one",
        Required = true,
    };

    private static readonly Option<string> Reason = new("--reason")
    {
        Description = "Why; it is logged by the instance",
        Required = true,
    };

    public static Command Create() =>
        new Command("accept-time", "Let a partition go on with records that are stamped ahead of the clock")
            .Takes(Topic).Takes(Partition).Takes(Through).Takes(Reason).Takes(ClientOptions.Timeout)
            .TalksToConsole().Runs(RunAsync);

    private static async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var through = context.Get(Through);
        using var console = JsonHttp.Console(context);
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"v1/tasks/{Uri.EscapeDataString(context.Get(Topic))}/{context.Get(Partition)}/accept-time"
            + $"?through={through}&reason={Uri.EscapeDataString(context.Get(Reason))}");
        var answer = await console.PostAsync(path, cancellation).ConfigureAwait(false);
        context.Screen.One(answer, _ => context.Screen.Verbatim(string.Create(
            CultureInfo.InvariantCulture,
            $"{context.Get(Topic)}-{context.Get(Partition)} goes on; times are accepted through offset {through}.")));
        return ExitCode.Ok;
    }
}
