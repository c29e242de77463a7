using System.Buffers;
using System.Text;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;

namespace Engine.Tests.State;

/// <summary>A key of two parts, the first ended by a zero byte, as composite keys are.</summary>
internal readonly record struct PartKey(string Pool, int Number);

internal sealed record Text(string Value);

/// <summary>A directory of state with the stores that these tests use; opened and closed at will.</summary>
internal sealed class StateFixture : IDisposable
{
    public static readonly KeyValueStoreDefinition<PartKey, Text> Items =
        StoreDefinition.KeyValue("items", 1, new PartKeySerde(), new TextSerde());

    public static readonly KeyValueStoreDefinition<string, Text> Others =
        StoreDefinition.KeyValue("others", 254, Serdes.Utf8, new TextSerde());

    public static readonly TimeIndexDefinition<PartKey> Timers = StoreDefinition.TimeIndex(
        "timers", 2, new PartKeySerde());

    public static readonly KeyValueStoreDefinition<string, Text> Volatile =
        StoreDefinition.KeyValue("volatile", 3, Serdes.Utf8, new TextSerde(), StorePersistence.InMemory);

    /// <summary>As <see cref="Items"/>, with entries that are bytes in memory.</summary>
    public static readonly KeyValueStoreDefinition<PartKey, Text> EncodedItems =
        StoreDefinition.KeyValue("items", 1, new PartKeySerde(), new TextSerde(), form: EntryForm.Bytes);

    private readonly EntryForm form;

    public StateFixture(StateStoreOptions? options = null, EntryForm form = EntryForm.Objects)
    {
        this.form = form;
        Root = Directory.CreateTempSubdirectory("state-tests-").FullName;
        Options = options ?? new StateStoreOptions();
        Provider = new RocksDbStateProvider(Options, LocalFileSystem.Instance);
        State = Open();
    }

    public string Root { get; }

    public string TaskDirectory => Path.Combine(Root, "0_0");

    public StateStoreOptions Options { get; }

    public ITaskStateProvider Provider { get; private set; }

    public ITaskState State { get; private set; }

    public IKeyValueStore<PartKey, Text> ItemStore => State.GetStore<IKeyValueStore<PartKey, Text>>("items");

    public IKeyValueStore<string, Text> OtherStore => State.GetStore<IKeyValueStore<string, Text>>("others");

    public IKeyValueStore<string, Text> VolatileStore => State.GetStore<IKeyValueStore<string, Text>>("volatile");

    public ITimeIndex<PartKey> TimerIndex => State.GetStore<ITimeIndex<PartKey>>("timers");

    public static StatePosition At(long offset) =>
        new() { Changelogs = new Dictionary<string, long> { ["journal"] = offset }, StreamTimeMs = offset * 10 };

    public static ITaskState Open(ITaskStateProvider provider, string directory, params StoreDefinition[] stores) =>
        provider.Open(new TaskStateOptions { TaskId = new TaskId(0, 0), Directory = directory, Stores = stores });

    public ITaskState Open() => Open(
        Provider, TaskDirectory, Others, form == EntryForm.Bytes ? EncodedItems : Items, Timers, Volatile);

    /// <summary>Writes as one record.</summary>
    public void Record(Action write)
    {
        State.BeginRecord();
        write();
        State.CommitRecord();
    }

    /// <summary>Freezes and commits what was written.</summary>
    public void Commit(long offset) => State.MarkCommitted(State.Freeze(), At(offset));

    /// <summary>Closes the state and opens it again; what was not flushed is gone, as after a crash.</summary>
    public void Reopen(StateStoreOptions? options = null)
    {
        State.Dispose();
        if (options is not null)
        {
            Provider.Dispose();
            Provider = new RocksDbStateProvider(options, LocalFileSystem.Instance);
        }
        State = Open();
    }

    public void Dispose()
    {
        State.Dispose();
        Provider.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    internal sealed class PartKeySerde : ISerde<PartKey>
    {
        public void Serialize(PartKey value, IBufferWriter<byte> output)
        {
            Encoding.UTF8.GetBytes(value.Pool.AsSpan(), output);
            var rest = output.GetSpan(5);
            rest[0] = 0;
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(rest[1..], value.Number ^ int.MinValue);
            output.Advance(5);
        }

        public PartKey Deserialize(ReadOnlySpan<byte> data) => new(
            Encoding.UTF8.GetString(data[..^5]),
            System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(data[^4..]) ^ int.MinValue);
    }

    internal sealed class TextSerde : ISerde<Text>
    {
        public void Serialize(Text value, IBufferWriter<byte> output) =>
            Encoding.UTF8.GetBytes(value.Value.AsSpan(), output);

        public Text Deserialize(ReadOnlySpan<byte> data) => new(Encoding.UTF8.GetString(data));
    }
}
