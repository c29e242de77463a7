using System.CommandLine;
using Alloc.Cli.Commands.Backlog;
using Alloc.Cli.Commands.Catalogues;
using Alloc.Cli.Commands.DeadLetters;
using Alloc.Cli.Commands.Doctor;
using Alloc.Cli.Commands.General;
using Alloc.Cli.Commands.Generate;
using Alloc.Cli.Commands.Groups;
using Alloc.Cli.Commands.Policies;
using Alloc.Cli.Commands.Pools;
using Alloc.Cli.Commands.Projections;
using Alloc.Cli.Commands.Proof;
using Alloc.Cli.Commands.Reconciliation;
using Alloc.Cli.Commands.Reservations;
using Alloc.Cli.Commands.Servers;
using Alloc.Cli.Commands.Shadow;
using Alloc.Cli.Commands.Slices;
using Alloc.Cli.Commands.Subjects;
using Alloc.Cli.Commands.Tasks;
using Alloc.Cli.Commands.Topics;

namespace Alloc.Cli.CommandLine;

/// <summary>The whole command line at a glance: nouns and their verbs.</summary>
internal static class CommandTree
{
    private static readonly Lazy<RootCommand> Tree = new(BuildTree);

    /// <summary>
    /// The tree, built once: it does not change, and its options know every command that they were added to.
    /// </summary>
    public static RootCommand Build() => Tree.Value;

    private static RootCommand BuildTree()
    {
        var root = new RootCommand("The one authority that decides who gets a scarce resource.");
        foreach (var option in root.Options.Where(o => o is VersionOption).ToArray())
        {
            option.Description = "Show the version (alloc version tells more)";
        }
        GlobalOptions.AddTo(root);
        foreach (var command in Commands())
        {
            root.Subcommands.Add(command);
        }
        ValueChecks.AddTo(root);
        return root;
    }

    private static IEnumerable<Command> Commands() =>
    [
        DevCommand.Create(),
        ServeCommand.Create(),
        new Command("pool", "Pools: amounts that are handed out").With(
            PoolListCommand.Create(),
            PoolGetCommand.Create(),
            PoolDeficitCommand.Create(),
            PoolConfigureCommand.Create(),
            PoolSupply.Create(),
            PoolBlock.Block(),
            PoolBlock.Unblock(),
            PoolHistoryCommand.Create()),
        new Command("reservation", "Reservations: promises of units of a pool").With(
            HoldCommand.Create(),
            ConfirmCommand.Create(),
            ReleaseCommand.Create(),
            ConsumeCommand.Create(),
            ReturnCommand.Create(),
            ExtendCommand.Create(),
            AmendCommand.Create(),
            SplitCommand.Create(),
            ReassignCommand.Create(),
            ForceReleaseCommand.Create(),
            ImportCommand.Create(),
            ImportAllCommand.Create(),
            ReservationGetCommand.Create(),
            ReservationListCommand.Create(),
            ReleaseAllCommand.Create(),
            ReservationHistoryCommand.Create()),
        ApproveCommand.Create(),
        AuthorityCommands.Create(),
        ModeCommands.Create(),
        BacklogCommand.Create(),
        new Command("reconcile", "Records of one truth that disagree, and their repair").With(
            ReconcileListCommand.Create(),
            ReconcileScanCommand.Create(),
            ReconcileShowCommand.Create(),
            ReconcileRunCommand.Create(),
            ReconcileDecisions.Approve(),
            ReconcileDecisions.Reject(),
            ReconcileDecisions.Accept(),
            ReconcileDecisions.Assign()),
        ExplainCommand.Create(),
        new Command("policy", "Policies: what differs from one business to the next, as data").With(
            PolicyGetCommand.Create(),
            PolicyValidateCommand.Create(),
            PolicyDiffCommand.Create(),
            PolicyApplyCommand.Create(),
            PolicySchemaCommand.Create()),
        new Command("catalogue", "The operations catalogue: stages, modes, effects, classes of mismatches").With(
            CatalogueGetCommand.Create(),
            CatalogueValidateCommand.Create(),
            CatalogueDiffCommand.Create(),
            CatalogueApplyCommand.Create(),
            CatalogueSchemaCommand.Create()),
        new Command("projection", "What searches for reservations answer from")
            .With(ProjectionStatusCommand.Create(), ProjectionRebuildCommand.Create()),
        new Command("shadow", "What would be decided about slices that another system decides")
            .With(ShadowReportCommand.Create()),
        new Command("dlq", "Dead letters: records that could not be processed").With(
            DlqListCommand.Create(),
            DlqShowCommand.Create(),
            DlqReplayCommand.Create(),
            DlqDiscardCommand.Create()),
        new Command("topic", "Records of a topic")
            .With(TopicTailCommand.Create(), TopicProduceCommand.Create(), TopicReplayCommand.CreateCommand()),
        new Command("schema", "Contracts in the schema registry")
            .With(
                SchemaListCommand.Create(), SchemaGetCommand.Create(), SchemaCheckCommand.Create(),
                SchemaRegisterCommand.Create()),
        new Command("group", "Consumer groups").With(GroupListCommand.Create(), GroupDescribeCommand.Create()),
        new Command("task", "Tasks of an instance").With(TaskListCommand.Create(), AcceptTimeCommand.Create()),
        new Command("topology", "How commands become outcomes").With(TopologyDescribeCommand.Create()),
        ReplayCommand.Create(),
        VerifyCommand.Create(),
        BenchCommand.Create(),
        CheckpointCommand.Create(),
        GenerateCommands.Create(),
        DoctorCommand.Create(),
        HealthCommand.Create(),
        VersionCommand.Create(),
        CompletionCommand.Create(),
    ];
}
