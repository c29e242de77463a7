using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Policies;
using Alloc.Client;
using Alloc.Processors.Allocation.Policy;

namespace Alloc.Cli.Commands.Catalogues;

/// <summary><c>alloc catalogue validate FILE</c>: everything that is wrong with it, without a cluster.</summary>
internal static class CatalogueValidateCommand
{
    private static readonly Option<string?> Policy = new("--policy")
    {
        Description = "The policy that it goes with: whether that lets its modes be",
        HelpName = "file",
    };

    public static Command Create() => new Command("validate", "Check a catalogue; no cluster is needed")
        .Takes(CatalogueFile.Argument, Policy).Runs(Run);

    private static int Run(CommandContext context)
    {
        var policy = context.Get(Policy) is { } name ? Valid(context, name) : null;
        var file = CatalogueFile.Read(context);
        var reading = file.Parse();
        var json = file.Json(reading);
        if (reading.Catalogue is { } catalogue)
        {
            json["undoneModes"] = policy is null ? null : UndoneModes.Warn(context, catalogue, policy);
        }
        context.Screen.One(json, console => file.Show(console, reading));
        if (policy is null && reading.Catalogue?.Modes.Where(row => row.ActsOnLedger).ToList() is { Count: > 0 } modes)
        {
            context.Screen.Note(
                $"{string.Join(", ", modes.Select(row => row.Id))}: the policy must have rows for what acts on the "
                + "ledger; --policy FILE checks it here, diff and apply against the one in force.");
        }
        return reading.Catalogue is null ? ExitCode.Mismatch : ExitCode.Ok;
    }

    private static AllocationPolicy Valid(CommandContext context, string name)
    {
        var reading = PolicyFile.Read(context, name).Parse();
        return reading.Policy ?? throw AllocException.Failed(
            $"--policy is not valid itself: {reading.Errors[0].Show(name)}");
    }
}
