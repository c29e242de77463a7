using System.Text;
using Alloc.Engine.Topology;

namespace Alloc.Engine.Processing;

/// <summary>A node as it runs in one task.</summary>
internal abstract class RuntimeNode
{
    public abstract string Name { get; }

    /// <summary>Prepares the node once the task's stores are restored.</summary>
    public virtual void Init()
    {
    }

    public virtual void Close()
    {
    }
}

/// <summary>A node that takes typed records.</summary>
internal interface INodeInput<TKey, TValue>
{
    string Name { get; }

    void Process(in Record<TKey, TValue> record);
}

/// <summary>A source as the task sees it: bytes in.</summary>
internal abstract class SourceNode : RuntimeNode
{
    public abstract SourceDefinition Definition { get; }

    /// <summary>Reads the bytes and hands the record to the children.</summary>
    public abstract void Process(byte[]? key, byte[]? value, long timestampMs, RecordHeaders? headers);
}

internal sealed class SourceNode<TKey, TValue>(
    SourceDefinition definition, IDeserializer<TKey> keyDeserializer, IDeserializer<TValue> valueDeserializer,
    INodeInput<TKey, TValue>[] children) : SourceNode
{
    public override string Name => definition.Name;

    public override SourceDefinition Definition => definition;

    public override void Process(byte[]? key, byte[]? value, long timestampMs, RecordHeaders? headers)
    {
        var typedKey = key is not null ? Read(keyDeserializer, key, "key") : default;
        var typedValue = value is not null ? Read(valueDeserializer, value, "value") : default;
        var record = new Record<TKey, TValue>(typedKey!, typedValue!, timestampMs, headers);
        foreach (var child in children)
        {
            child.Process(in record);
        }
    }

    /// <summary>
    /// Bytes that are no such value are the record's fault, whether the deserializer says so in the engine's words or
    /// in those of .NET; any other failure is a fault of the deserializer.
    /// </summary>
    private static T Read<T>(IDeserializer<T> deserializer, byte[] data, string part)
    {
        if (Serdes.IsBytes<T>(deserializer))
        {
            return (T)(object)data;
        }
        try
        {
            return deserializer.Deserialize(data);
        }
        catch (Exception error) when (error is FormatException or InvalidDataException or DecoderFallbackException)
        {
            throw new BadRecordException($"its {part} cannot be read: {error.Message}", error)
            {
                Kind = BadRecordKind.Unreadable,
            };
        }
    }
}
