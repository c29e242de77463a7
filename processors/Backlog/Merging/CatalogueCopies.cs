using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// Says the catalogue in force to every partition of stages again, once a day. Partitions know it from
/// workflow.stages alone, which keeps a month: who reads that from its beginning finds the catalogue there, however
/// long ago it was applied. A version that a partition knows changes nothing there.
/// </summary>
internal sealed class CatalogueCopies(MergeStores stores, int partitions, Action<PartitionedKey, object> emit)
{
    /// <summary>How often.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>A catalogue was applied, which gives every partition its copy.</summary>
    /// <param name="atMs">When it was written.</param>
    public void Applied(long atMs) =>
        stores.Copies.Put(BacklogStores.CatalogueKey, new CatalogueCopy { AtMs = atMs });

    /// <summary>Says it again when it is time; nothing where none was ever applied.</summary>
    /// <param name="nowMs">The clock.</param>
    public void Look(long nowMs)
    {
        if (stores.Copies.Get(BacklogStores.CatalogueKey) is { } last
            && nowMs - last.AtMs < Interval.TotalMilliseconds)
        {
            return;
        }
        if (stores.Catalogue.Get(BacklogStores.CatalogueKey) is not { } inForce)
        {
            return;
        }
        for (var partition = 0; partition < partitions; partition++)
        {
            emit(new PartitionedKey(CatalogueRecords.Key, partition), CatalogueRecords.Copy(inForce));
        }
        Applied(nowMs);
    }
}
