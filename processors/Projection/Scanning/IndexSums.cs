using System.Buffers;
using System.Runtime.InteropServices;
using Alloc.Processors.Allocation.State;
using Alloc.Schemas.Projection;
using K4os.Hash.xxHash;

namespace Alloc.Processors.Projection.Scanning;

/// <summary>
/// Whether the indexes of searches have exactly the entries that their reservations want, by sums of hashes in buckets
/// of reservations: both are read through once and neither is kept.
/// </summary>
/// <param name="poolId">Only this pool; null: all of the partition.</param>
internal sealed class IndexSums(string? poolId)
{
    private const int BucketCount = 4_096;
    private readonly ulong[] sums = new ulong[BucketCount];
    private readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>A reservation that is there, whose entries should be.</summary>
    public void Add(ReservationView view)
    {
        var bucket = BucketOf(new PoolKey(view.PoolId, view.ReservationId));
        foreach (var key in IndexKeys.Of(view))
        {
            sums[bucket] = unchecked(sums[bucket] + DigestOf(key));
        }
    }

    /// <summary>The buckets whose entries are not as they should be, once every reservation was added.</summary>
    /// <param name="side">The same snapshot that the reservations are of.</param>
    /// <param name="step">Called for each entry.</param>
    public HashSet<int> Differing(SearchSide side, Action step)
    {
        foreach (var (key, _) in side.Index.All())
        {
            step();
            if (IsMeant(key))
            {
                var bucket = BucketOf(new PoolKey(key.PoolId, key.Id));
                sums[bucket] = unchecked(sums[bucket] - DigestOf(key));
            }
        }
        return [.. Enumerable.Range(0, BucketCount).Where(bucket => sums[bucket] != 0)];
    }

    /// <summary>Entries that are missing or superfluous in some buckets.</summary>
    /// <param name="side">Searches.</param>
    /// <param name="buckets">The buckets.</param>
    /// <param name="most">Looks for no more.</param>
    /// <param name="step">Called for each entry.</param>
    public List<ScanDifference> Find(SearchSide side, HashSet<int> buckets, int most, Action step)
    {
        var found = new List<ScanDifference>();
        if (buckets.Count == 0)
        {
            return found;
        }
        var expected = new HashSet<IndexKey>();
        foreach (var view in side.Views(ScanSpan.Of(poolId)))
        {
            step();
            if (buckets.Contains(BucketOf(new PoolKey(view.PoolId, view.ReservationId))))
            {
                expected.UnionWith(IndexKeys.Of(view));
            }
        }
        foreach (var (key, _) in side.Index.All())
        {
            step();
            if (IsMeant(key) && buckets.Contains(BucketOf(new PoolKey(key.PoolId, key.Id))) && !expected.Remove(key)
                && found.Count < most)
            {
                found.Add(Difference(key, "is there and should not be"));
            }
        }
        found.AddRange(expected.Take(most - found.Count).Select(key => Difference(key, "is missing")));
        return found;
    }

    private static int BucketOf(in PoolKey key) => (int)(
        (XXH64.DigestOf(MemoryMarshal.AsBytes(key.PoolId.AsSpan()))
        ^ XXH64.DigestOf(MemoryMarshal.AsBytes(key.Id.AsSpan()))) % BucketCount);

    private static ScanDifference Difference(IndexKey key, string how) => new(
        new PoolKey(key.PoolId, key.Id), null, null,
        $"its entry by {key.Kind.ToString().ToLowerInvariant()} {key.Value} {how}");

    private bool IsMeant(in IndexKey key) => poolId is null || key.PoolId == poolId;

    private ulong DigestOf(in IndexKey key)
    {
        bytes.ResetWrittenCount();
        IndexKeys.Serde.Serialize(key, bytes);
        return XXH64.DigestOf(bytes.WrittenSpan);
    }
}
