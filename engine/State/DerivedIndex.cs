using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// What follows from the entries of a store and is kept in the database beside them, but in no changelog: as entries
/// are restored, it follows them.
/// </summary>
internal abstract class DerivedIndex
{
    /// <summary>An entry of the store is about to change while it is restored.</summary>
    /// <param name="stores">The task's stores.</param>
    /// <param name="key">The entry's key, as bytes.</param>
    /// <param name="before">Its value so far, as the store holds it; null for none.</param>
    /// <param name="after">Its value to be; null for none.</param>
    public abstract void Change(IStores stores, ReadOnlySpan<byte> key, object? before, object? after);
}
