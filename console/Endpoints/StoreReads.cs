using System.Text.Json.Nodes;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Web.Reads;

namespace Alloc.Web.Endpoints;

/// <summary>Reads of one task's stores, where it is here: now, or as it was when Kafka was heard last.</summary>
/// <param name="owners">Knows who has it.</param>
/// <param name="open">Its stores; null where it is not here and ready.</param>
/// <param name="openLast">The same as they were.</param>
/// <param name="read">What is read; null where there is no such thing.</param>
internal sealed class StoreReads(
    IPartitionOwners owners, Func<IStores?> open, Func<LastKnownStores?> openLast, Func<IStores, JsonObject?> read)
    : IOwnedReads
{
    private const int Attempts = 3;

    public IPartitionOwners Owners => owners;

    public bool TryRead(out JsonObject? found)
    {
        found = null;
        for (var attempt = 0; attempt < Attempts && open() is { } stores; attempt++)
        {
            try
            {
                found = read(stores);
                return open() is not null;
            }
            catch (ObjectDisposedException)
            {
                // It moved away while it was read; it may be back.
            }
        }
        return false;
    }

    public bool TryReadLast(out JsonObject? found, out TimeSpan age)
    {
        (found, age) = (null, default);
        if (openLast() is not { } last)
        {
            return false;
        }
        try
        {
            found = read(last.Stores);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        age = last.Age;
        return true;
    }
}
