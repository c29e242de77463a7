using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;

namespace Engine.Tests.Joins;

/// <summary>A join that counts what it reads from its buffer and writes to it.</summary>
internal sealed class CountedJoin(JoinType type, JoinWindows windows)
{
    /// <summary>Chunks that were read; heads, one a record, are not counted.</summary>
    public int ChunkReads { get; private set; }

    /// <summary>Bytes of keys and values that were written, of heads and chunks.</summary>
    public long BytesWritten { get; private set; }

    public Topology Build()
    {
        var stores = new JoinStores("pairs", type != JoinType.Inner, type == JoinType.Outer);
        var plan = new JoinPlan<string, string, string, string>(
            new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8), windows, stores, JoinCase.Describe)
        {
            LeftClaims = [JoinCase.Right],
            RightClaims = [JoinCase.Left],
            Sources = [JoinCase.Left, JoinCase.Right],
        };
        var nodes = new TopologyBuilder().UseWatermarks()
            .AddSource("left", JoinCase.Left, Serdes.Utf8, Serdes.Utf8)
            .AddSource("right", JoinCase.Right, Serdes.Utf8, Serdes.Utf8)
            .AddProcessor(
                "pairs-left", () => new LeftJoinProcessor<string, string, string, string>(plan), "left")
            .AddProcessor(
                "pairs-right", () => new RightJoinProcessor<string, string, string, string>(plan), "right")
            .AddSink("out", "out", Serdes.Utf8, Serdes.Utf8, new SinkOptions(), "pairs-left", "pairs-right");
        byte id = 0;
        foreach (var store in stores.Define(() => ++id))
        {
            nodes.AddStateStore(
                store is JoinBufferDefinition buffer ? new CountedDefinition(buffer, this) : store,
                "pairs-left", "pairs-right");
        }
        return nodes.Build();
    }

    private sealed class CountedDefinition(JoinBufferDefinition counted, CountedJoin counts)
        : JoinBufferDefinition(counted.Stores, counted.StoreId)
    {
        internal override TaskStore Create(int ordinal, TaskState state, IStateDatabase database) =>
            new CountedBuffer(this, ordinal, state, database, counts);
    }

    private sealed class CountedBuffer(
        CountedDefinition definition, int ordinal, TaskState state, IStateDatabase database, CountedJoin counts)
        : JoinBuffer(definition, ordinal, state, database)
    {
        public override byte[]? Get(EncodedKey key)
        {
            counts.ChunkReads += key.Span[0] == JoinKeys.Head ? 0 : 1;
            return base.Get(key);
        }

        public override EncodedKey Put(EncodedKey key, byte[] entry, bool isNew)
        {
            counts.BytesWritten += key.Span.Length + entry.Length;
            return base.Put(key, entry, isNew);
        }

        public override void Delete(EncodedKey key)
        {
            counts.BytesWritten += key.Span.Length;
            base.Delete(key);
        }
    }
}
