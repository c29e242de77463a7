using System.Text;
using Alloc.Engine.Runtime;

namespace Alloc.Web.Reads;

/// <summary>Where a pool's ledger is: here, at another instance, or nowhere just now.</summary>
/// <param name="Reads">The ledger when it is here and ready.</param>
/// <param name="Owner">Another instance's HTTP address.</param>
/// <param name="Detail">Why it cannot be read here and who has it, in words.</param>
public sealed record LedgerPlace(ILedgerReads? Reads, Uri? Owner, string Detail);

/// <summary>Finds the ledger of a pool among the instances of the application.</summary>
public sealed class LedgerDirectory(
    StreamsApplication application, string commandTopic, int partitionCount, Func<int, ILedgerReads?> open)
{
    /// <summary>Number of partitions of the command topic.</summary>
    public int PartitionCount => partitionCount;

    /// <summary>The partition of a pool.</summary>
    public int PartitionOf(string poolId) => Murmur2.Partition(Encoding.UTF8.GetBytes(poolId), partitionCount);

    /// <summary>The ledger of a partition when it is here and ready, else null.</summary>
    public ILedgerReads? Here(int partition) => open(partition);

    /// <summary>Finds the ledger of a pool; asks the broker's group account when it is not here.</summary>
    public async Task<LedgerPlace> FindAsync(string poolId, CancellationToken cancellation)
    {
        var partition = PartitionOf(poolId);
        return Here(partition) is { } reads
            ? new LedgerPlace(reads, null, "")
            : await OwnerAsync(partition, cancellation).ConfigureAwait(false);
    }

    /// <summary>Who has a partition that is not ready here.</summary>
    public async Task<LedgerPlace> OwnerAsync(int partition, CancellationToken cancellation)
    {
        var (owner, detail) = await PartitionOwners.FindAsync(application, commandTopic, partition, cancellation)
            .ConfigureAwait(false);
        return new LedgerPlace(null, owner, detail);
    }
}
