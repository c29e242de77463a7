namespace Alloc.Web.Reads;

/// <summary>Who has a partition that is not ready here.</summary>
/// <param name="Owner">Another instance's HTTP address; null where there is none to ask.</param>
/// <param name="Detail">In words: who has it, or why that is not known.</param>
/// <param name="IsCurrent">
/// False where Kafka does not say now who owns it: then it is what was known last, or nothing.
/// </param>
public sealed record PartitionPlace(Uri? Owner, string Detail, bool IsCurrent);

/// <summary>Knows which instance has which partition of a topic.</summary>
public interface IPartitionOwners
{
    /// <summary>
    /// Who has a partition that is not ready here. Does not fail: what is not known is said in words.
    /// </summary>
    /// <param name="partition">The partition.</param>
    /// <param name="isFresh">True where what was known a moment ago turned out to be wrong.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    Task<PartitionPlace> FindAsync(int partition, bool isFresh, CancellationToken cancellation);

    /// <summary>The other instances; and why they are not all known, or null.</summary>
    Task<(IReadOnlyList<Uri> Others, string? Problem)> OthersAsync(CancellationToken cancellation);
}
