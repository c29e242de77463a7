using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>A store whose entries are bytes in memory: what it shows of them is what it holds.</summary>
internal abstract class EncodedStore(
    StoreDefinition definition, int ordinal, TaskState state, IStateDatabase database)
    : OverlayStore<EncodedKey, byte[]>(definition, EncodedKey.Serde, Serdes.Bytes, ordinal, state, database)
{
    protected sealed override EncodedKey Own(EncodedKey key) => key.Own();

    protected sealed override byte[] KeyBytes(EncodedKey key, ByteBuffer scratch) => key.ToArray();

    protected sealed override byte[] ValueBytes(byte[] value, ByteBuffer scratch) => value;
}
