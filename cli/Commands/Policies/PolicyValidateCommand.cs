using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.Commands.Policies;

/// <summary><c>alloc policy validate FILE</c>: everything that is wrong with a policy, without a cluster.</summary>
internal static class PolicyValidateCommand
{
    private static readonly Option<string?> Previous = new("--previous")
    {
        Description = "The policy that it replaces: its classes must stay or be mapped",
        HelpName = "file",
    };

    public static Command Create() =>
        new Command("validate", "Check a policy; no cluster is needed").Takes(PolicyFile.Argument, Previous).Runs(Run);

    private static int Run(CommandContext context)
    {
        var previous = context.Get(Previous) is { } name ? Valid(context, name) : null;
        var file = PolicyFile.Read(context, context.Get(PolicyFile.Argument));
        var reading = file.Parse(previous);
        context.Screen.One(file.Json(reading), console => file.Show(console, reading));
        return reading.Policy is null ? ExitCode.Mismatch : ExitCode.Ok;
    }

    private static Processors.Allocation.Policy.AllocationPolicy Valid(CommandContext context, string name)
    {
        var reading = PolicyFile.Read(context, name).Parse();
        return reading.Policy ?? throw AllocException.Failed(
            $"--previous is not valid itself: {reading.Errors[0].Show(name)}");
    }
}
