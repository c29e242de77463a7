using System.Buffers;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State;

/// <summary>
/// A key as its serde writes it. One that is only looked up lies in a buffer that is used again; one that is kept owns
/// its bytes (<see cref="Own"/>). Leaves the garbage collector one object without references to look at, whatever the
/// key is made of.
/// </summary>
internal readonly struct EncodedKey : IEquatable<EncodedKey>
{
    private readonly byte[] bytes;
    private readonly int start;
    private readonly int length;
    private readonly int hash;
    private readonly bool isOwner;

    private EncodedKey(byte[] bytes, int start, int length, bool isOwner)
        : this(bytes, start, length, HashOf(bytes.AsSpan(start, length)), isOwner)
    {
    }

    private EncodedKey(byte[] bytes, int start, int length, int hash, bool isOwner)
    {
        this.bytes = bytes;
        this.start = start;
        this.length = length;
        this.hash = hash;
        this.isOwner = isOwner;
    }

    /// <summary>Writes the bytes as they are.</summary>
    public static ISerde<EncodedKey> Serde { get; } = new EncodedKeySerde();

    public ReadOnlySpan<byte> Span => bytes.AsSpan(start, length);

    /// <summary>A key that reads a buffer; good until the buffer changes.</summary>
    public static EncodedKey Over(ByteBuffer buffer)
    {
        var (array, count) = buffer.Segment;
        return new EncodedKey(array, 0, count, isOwner: false);
    }

    /// <summary>A key with bytes of its own.</summary>
    public static EncodedKey CopyOf(ReadOnlySpan<byte> key)
    {
        var copy = key.ToArray();
        return new EncodedKey(copy, 0, copy.Length, isOwner: true);
    }

    /// <summary>The key without its first bytes; it lies where this one does.</summary>
    public EncodedKey From(int skipped) => new(bytes, start + skipped, length - skipped, isOwner);

    /// <summary>The bytes, which nobody may change: the key's own where there is nothing else in their array.</summary>
    public byte[] ToArray() => isOwner && length == bytes.Length ? bytes : Span.ToArray();

    /// <summary>The same key, owning its bytes.</summary>
    public EncodedKey Own() => isOwner ? this : new EncodedKey(Span.ToArray(), 0, length, hash, isOwner: true);

    public bool Equals(EncodedKey other) => hash == other.hash && Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is EncodedKey other && Equals(other);

    public override int GetHashCode() => hash;

    // Seeded by the process, so that nobody can choose keys that collide.
    private static int HashOf(ReadOnlySpan<byte> key)
    {
        var code = default(HashCode);
        code.AddBytes(key);
        return code.ToHashCode();
    }

    private sealed class EncodedKeySerde : ISerde<EncodedKey>
    {
        public void Serialize(EncodedKey value, IBufferWriter<byte> output) => output.Write(value.Span);

        public EncodedKey Deserialize(ReadOnlySpan<byte> data) => CopyOf(data);
    }
}
