using System.CommandLine;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Pools;

/// <summary>
/// <c>alloc pool supply set|add POOL</c>: what a source counted, or what came and went. Numbers that nobody gives are
/// the ledger's to give: any number of people may report at once, and each report counts once.
/// </summary>
internal static class PoolSupply
{
    /// <summary>The source that facts given by hand come from.</summary>
    public const string OperatorSource = "operator";

    public static readonly Argument<string> Pool = new("pool") { Description = "The pool" };

    private static readonly Option<long> Quantity = new("--quantity", "-q")
    {
        Description = "Units; for add also negative",
        Required = true,
        HelpName = "units",
    };

    private static readonly Option<string> Source = new("--source")
    {
        Description = "The system that counted",
        DefaultValueFactory = _ => OperatorSource,
        HelpName = "name",
    };

    private static readonly Option<long?> Version = new("--version")
    {
        Description = "The count's version, growing; the one after the last, which the ledger gives, if not given",
        HelpName = "number",
    };

    private static readonly Option<long?> Blocked = new("--blocked")
    {
        Description = "Units of it that are out of offer",
        HelpName = "units",
    };

    private static readonly Option<long?> Through = new("--through")
    {
        Description =
            "The last of the source's facts that is inside the count; everything the ledger knows if not given",
        HelpName = "number",
    };

    private static readonly Option<long?> Sequence = new("--source-sequence")
    {
        Description =
            "The fact's number, 1, 2, 3, … per source and pool; the next one, which the ledger gives, if not given",
        HelpName = "number",
    };

    public static Command Create() => new Command("supply", "What there is to hand out").With(
        new Command("set", "State a count: so many are there")
            .Takes(Pool, Quantity, Source, Version, Blocked, Through).Asks(Set),
        new Command("add", "State a change: so many came, or went").Takes(Pool, Quantity, Source, Sequence)
            .TalksToConsole().Asks(Add));

    private static Ask Set(CommandContext context) => new(
        context.Get(Pool),
        new AllocationCommandBody.SupplySnapshot
        {
            Source = context.Get(Source),
            Version = context.Get(Version) ?? NumberedByTheLedger.Version,
            Quantity = context.Get(Quantity),
            Blocked = context.Get(Blocked),
            Through = context.Get(Through),
        },
        new List<string> { "pool", "supply", "set", context.Get(Pool) }.And("--quantity", context.Get(Quantity))
            .And("--source", context.Get(Source)).And("--version", context.Get(Version))
            .And("--blocked", context.Get(Blocked)).And("--through", context.Get(Through)));

    private static Ask Add(CommandContext context) => new(
        context.Get(Pool),
        new AllocationCommandBody.SupplyDelta
        {
            Source = context.Get(Source),
            SourceSequence = context.Get(Sequence) ?? NumberedByTheLedger.Sequence,
            Quantity = context.Get(Quantity),
        },
        new List<string> { "pool", "supply", "add", context.Get(Pool) }.And("--quantity", context.Get(Quantity))
            .And("--source", context.Get(Source)).And("--source-sequence", context.Get(Sequence)));

    /// <summary>What the contract says where a source gives neither number nor version.</summary>
    private static class NumberedByTheLedger
    {
        public const long Sequence = 0;
        public const long Version = -1;
    }
}
