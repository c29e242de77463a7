using System.CommandLine;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.Pools;

/// <summary><c>alloc pool history POOL</c>: a pool's last outcomes, from the journal.</summary>
internal static class PoolHistoryCommand
{
    public static Command Create() =>
        new Command("history", "Show what happened to a pool")
            .Takes(PoolSupply.Pool, Histories.Count, Histories.Follow)
            .TalksToKafka().TalksToRegistry()
            .Runs((context, cancellation) =>
            {
                var pool = context.Get(PoolSupply.Pool);
                return Histories.RunAsync(
                    context, pool, _ => true, _ => false, $"Nothing ever happened to a pool {pool}.", cancellation);
            });
}
