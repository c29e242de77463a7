using System.Text;
using Alloc.Engine.Partitioning;

namespace Alloc.Web.Reads;

/// <summary>Finds the ledger of a pool among the instances of the application.</summary>
/// <param name="owners">Knows who has what.</param>
/// <param name="partitionCount">Number of partitions of the command topic.</param>
/// <param name="open">The ledger of a partition when it is here and ready, else null.</param>
/// <param name="openLast">
/// The ledger of a partition that was here when Kafka was heard last, and has not gone elsewhere since as far as this
/// instance knows; else null.
/// </param>
public sealed class LedgerDirectory(
    IPartitionOwners owners, int partitionCount, Func<int, ILedgerReads?> open, Func<int, LastKnownLedger?> openLast)
{
    /// <summary>Number of partitions of the command topic.</summary>
    public int PartitionCount => partitionCount;

    /// <summary>Knows who has what.</summary>
    public IPartitionOwners Owners => owners;

    /// <summary>The partition of a pool.</summary>
    public int PartitionOf(string poolId) => Murmur2.Partition(Encoding.UTF8.GetBytes(poolId), partitionCount);

    /// <summary>The ledger of a partition when it is here and ready, else null.</summary>
    public ILedgerReads? Here(int partition) => open(partition);

    /// <summary>
    /// Reads a partition that is here and ready, from the beginning to the end of the reading; else false. What is read
    /// while it moves away is nobody's answer.
    /// </summary>
    public bool TryRead<T>(int partition, Func<ILedgerReads, T> read, out T result)
    {
        result = default!;
        if (open(partition) is not { } reads)
        {
            return false;
        }
        try
        {
            result = read(reads);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        return open(partition) is not null;
    }

    /// <summary>
    /// Reads a partition as it was when Kafka was heard last; false where it is not known to have been here. Only for
    /// when Kafka does not say who has it now.
    /// </summary>
    public bool TryReadLast<T>(int partition, Func<ILedgerReads, T> read, out T result, out TimeSpan age)
    {
        (result, age) = (default!, default);
        if (openLast(partition) is not { } last)
        {
            return false;
        }
        try
        {
            result = read(last.Reads);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        age = last.Age;
        return openLast(partition) is not null;
    }
}

/// <summary>A ledger as it was when Kafka was heard last.</summary>
/// <param name="Reads">The ledger.</param>
/// <param name="Age">How long ago that was.</param>
public sealed record LastKnownLedger(ILedgerReads Reads, TimeSpan Age);
