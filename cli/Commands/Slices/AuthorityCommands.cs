using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Slices;

/// <summary><c>alloc authority transfer|export|get</c>: who decides about the pools of a slice.</summary>
internal static class AuthorityCommands
{
    public static readonly Argument<string> Slice = new("slice")
    {
        Description = "A pool, or a prefix that ends in an asterisk; the longest that matches wins",
    };

    private static readonly Option<AuthorityMode> Mode = Choice.Of<Option<AuthorityMode>, AuthorityMode>(
        new Option<AuthorityMode>("--mode")
        {
            Description = "What becomes of the slice",
            HelpName = "legacy|shadow|frozen|authoritative",
            Required = true,
        },
        null);

    private static readonly Option<string> Owner = new("--owner")
    {
        Description = "Who owns it from now on",
        HelpName = "name",
        Required = true,
    };

    private static readonly Option<long> Epoch = new("--epoch")
    {
        Description = "Its epoch, higher than before: writers with a lower one are refused",
        HelpName = "number",
        Required = true,
    };

    public static Command Create() => new Command("authority", "Who decides about the pools of a slice").With(
        new Command("transfer", "Transfer a slice, at every partition").Takes(Slice, Mode, Owner, Epoch)
            .AsksEveryPartition(context => new AllocationCommandBody.AuthorityTransfer
            {
                Slice = context.Get(Slice),
                Mode = context.Get(Mode),
                Owner = context.Get(Owner),
                NewEpoch = context.Get(Epoch),
            }),
        AuthorityExportCommand.Create(),
        new Command("get", "Show the slices of every partition").Takes(ClientOptions.Timeout).TalksToConsole()
            .Runs(GetAsync));

    private static async Task<int> GetAsync(CommandContext context, CancellationToken cancellation)
    {
        var settings = await PartitionSettingsReads.ReadAsync(context, cancellation).ConfigureAwait(false);
        context.Screen.Rows(
            PartitionSettingsReads.Gather(settings, "slices"),
            Column.Text("SLICE", "slice"),
            Column.Text("MODE", "mode"),
            Column.Text("OWNER", "owner"),
            Column.Number("EPOCH", "epoch"),
            Column.Text("PARTITIONS", "partitions"));
        return PartitionSettingsReads.Finish(context, settings, "slices");
    }
}
