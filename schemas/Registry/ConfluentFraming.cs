using System.Buffers.Binary;
using Alloc.Schemas.Avro;

namespace Alloc.Schemas.Registry;

/// <summary>Confluent's wire format: a zero byte, the schema id as 4 bytes big-endian, the value.</summary>
public static class ConfluentFraming
{
    /// <summary>Bytes before the value.</summary>
    public const int HeaderSize = 5;

    /// <summary>The first byte.</summary>
    public const byte Magic = 0;

    /// <summary>The subject of a topic's values (Confluent's topic name strategy).</summary>
    public static string SubjectOf(string topic) => topic + "-value";

    /// <summary>Writes the header; the target has room for <see cref="HeaderSize"/> bytes.</summary>
    public static void WriteHeader(Span<byte> target, int schemaId)
    {
        target[0] = Magic;
        BinaryPrimitives.WriteInt32BigEndian(target[1..], schemaId);
    }

    /// <summary>The schema id of a message and its value.</summary>
    /// <exception cref="AvroException">The message is shorter than a header, or its first byte is not 0.</exception>
    public static int Read(ReadOnlySpan<byte> message, out ReadOnlySpan<byte> value)
    {
        if (message.Length < HeaderSize)
        {
            throw new AvroException(
                $"A message of {message.Length} bytes has no schema id: at least {HeaderSize} bytes are needed.");
        }
        if (message[0] != Magic)
        {
            throw new AvroException(
                $"A message begins with byte {message[0]}, not {Magic}: it is not framed with a schema id.");
        }
        value = message[HeaderSize..];
        return BinaryPrimitives.ReadInt32BigEndian(message[1..]);
    }
}
