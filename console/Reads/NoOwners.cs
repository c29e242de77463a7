namespace Alloc.Web.Reads;

/// <summary>Of an application that this instance does not run: it knows nobody who has a partition.</summary>
/// <param name="why">What is said instead.</param>
public sealed class NoOwners(string why) : IPartitionOwners
{
    /// <inheritdoc/>
    public Task<PartitionPlace> FindAsync(int partition, bool isFresh, CancellationToken cancellation) =>
        Task.FromResult(new PartitionPlace(null, why, true));

    /// <inheritdoc/>
    public Task<(IReadOnlyList<Uri> Others, string? Problem)> OthersAsync(CancellationToken cancellation) =>
        Task.FromResult<(IReadOnlyList<Uri>, string?)>(([], why));
}
