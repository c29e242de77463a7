using System.CommandLine;
using System.Net;
using Alloc.Cli.Clients;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Reservations;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Pools;

/// <summary><c>alloc pool supply set|add POOL</c>: what a source counted, or what came and went.</summary>
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
        Description = "The count's version, growing; the time in milliseconds if not given",
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
            "The fact's number, 1, 2, 3, … per source and pool; the next one that the ledger expects if not given",
        HelpName = "number",
    };

    public static Command Create() => new Command("supply", "What there is to hand out").With(
        new Command("set", "State a count: so many are there")
            .Takes(Pool, Quantity, Source, Version, Blocked, Through).Asks(Set),
        new Command("add", "State a change: so many came, or went").Takes(Pool, Quantity, Source, Sequence)
            .TalksToConsole().Asks(AddAsync));

    private static Ask Set(CommandContext context)
    {
        var version = context.Get(Version) ?? context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        return new Ask(
            context.Get(Pool),
            new AllocationCommandBody.SupplySnapshot
            {
                Source = context.Get(Source),
                Version = version,
                Quantity = context.Get(Quantity),
                Blocked = context.Get(Blocked),
                Through = context.Get(Through),
            },
            new List<string> { "pool", "supply", "set", context.Get(Pool) }.And("--quantity", context.Get(Quantity))
                .And("--source", context.Get(Source)).And("--version", version).And("--blocked", context.Get(Blocked))
                .And("--through", context.Get(Through)));
    }

    private static async Task<Ask> AddAsync(CommandContext context, CancellationToken cancellation)
    {
        var pool = context.Get(Pool);
        var source = context.Get(Source);
        var sequence = context.Get(Sequence)
            ?? await NextAsync(context, pool, source, cancellation).ConfigureAwait(false);
        return new Ask(
            pool,
            new AllocationCommandBody.SupplyDelta
            {
                Source = source,
                SourceSequence = sequence,
                Quantity = context.Get(Quantity),
            },
            new List<string> { "pool", "supply", "add", pool }.And("--quantity", context.Get(Quantity))
                .And("--source", source).And("--source-sequence", sequence));
    }

    /// <summary>The number after the last one that the ledger knows of the source.</summary>
    private static async Task<long> NextAsync(
        CommandContext context, string pool, string source, CancellationToken cancellation)
    {
        using var console = JsonHttp.Console(context);
        var (status, body) = await console.TryAsync(
            HttpMethod.Get, $"v1/pools/{Uri.EscapeDataString(pool)}", cancellation).ConfigureAwait(false);
        return status switch
        {
            HttpStatusCode.OK =>
                1 + (body!["sources"]!.AsArray().FirstOrDefault(s => s!["source"]!.ToString() == source)?["highest"]!
                .GetValue<long>() ?? 0),
            HttpStatusCode.NotFound => 1,
            _ => throw CliException.Unavailable(
                $"The last number of source {source} cannot be read ({(int)status}).",
                "Give --source-sequence, or try again."),
        };
    }
}
