using Alloc.Engine.Partitioning;
using Alloc.Engine.Topology;

namespace Alloc.Engine.Processing;

/// <summary>A sink as the task sees it.</summary>
internal abstract class SinkNode : RuntimeNode
{
    public abstract SinkDefinition Definition { get; }

    /// <summary>True where records wait for the commit, so that only the last of a key is written.</summary>
    public bool IsDeferred => Definition.Options.Emit == SinkEmit.LastPerKeyPerCommit;

    /// <summary>Keeps what the record at hand deferred.</summary>
    public abstract void CommitRecord();

    /// <summary>Drops what the record at hand deferred.</summary>
    public abstract void RollbackRecord();

    /// <summary>Drops everything deferred.</summary>
    public abstract void DropUncommitted();

    /// <summary>
    /// Emits what was deferred since the last commit. After a failure it may be called again: it emits all of it again.
    /// </summary>
    public abstract void EmitDeferred();
}

internal sealed class SinkNode<TKey, TValue>(
    SinkDefinition definition, ISerializer<TKey> keySerializer, ISerializer<TValue> valueSerializer, bool isJournal,
    ITaskHost host)
    : SinkNode, INodeInput<TKey, TValue>
{
    private readonly Func<TKey, TValue, int, int>? partitioner =
        (definition.Options as SinkOptions<TKey, TValue>)?.Partitioner;
    private readonly List<Record<TKey, TValue>> ofRecord = [];
    private readonly OrderedDictionary<DeferredKey, Record<TKey, TValue>> ofTransaction = [];
    private int nextUnkeyed;

    /// <summary>A key that may be null.</summary>
    private readonly record struct DeferredKey(TKey? Key);

    public override string Name => definition.Name;

    public override SinkDefinition Definition => definition;

    public void Process(in Record<TKey, TValue> record)
    {
        if (IsDeferred)
        {
            ofRecord.Add(record);
        }
        else
        {
            Emit(in record);
        }
    }

    public override void CommitRecord()
    {
        foreach (var record in ofRecord)
        {
            ofTransaction[new DeferredKey(record.Key)] = record;
        }
        ofRecord.Clear();
    }

    public override void RollbackRecord() => ofRecord.Clear();

    public override void DropUncommitted()
    {
        ofRecord.Clear();
        ofTransaction.Clear();
    }

    public override void EmitDeferred()
    {
        foreach (var record in ofTransaction.Values)
        {
            Emit(in record);
        }
        ofTransaction.Clear();
    }

    private void Emit(in Record<TKey, TValue> record)
    {
        var key = record.Key is null ? null : Bytes(keySerializer, record.Key);
        var value = record.Value is null ? null : Bytes(valueSerializer, record.Value);
        host.Emit(new OutputRecord(
            definition.Topic, Partition(in record, key), key, value, record.TimestampMs, record.Headers, isJournal));
    }

    private byte[] Bytes<T>(ISerializer<T> serializer, T part) =>
        Serdes.IsBytes<T>(serializer) ? (byte[])(object)part! : host.Buffer.Serialize(serializer, part);

    private int Partition(in Record<TKey, TValue> record, byte[]? key)
    {
        switch (definition.Options.Partitioning)
        {
            case SinkPartitioning.TaskPartition:
                return host.TaskId.Partition;
            case SinkPartitioning.Explicit:
                return partitioner!(record.Key, record.Value, host.PartitionCount(definition.Topic));
            default:
                var count = host.PartitionCount(definition.Topic);
                return key is null ? (nextUnkeyed = (nextUnkeyed + 1) % count) : Murmur2.Partition(key, count);
        }
    }
}
