using System.Buffers.Binary;
using Alloc.Engine.Dsl;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;

namespace Alloc.Bench;

/// <summary>
/// Work that entered a stage, left-joined with work that left it: the topology of the peers' join, with its layout of
/// records (the time of issue in the first eight bytes) and its windows.
/// </summary>
internal static class JoinTopology
{
    public static Engine.Topology.Topology Build(
        string applicationId, string entered, string left, string joined, JoinWindows windows)
    {
        var builder = new StreamsBuilder(applicationId);
        builder.Stream(entered, Serdes.Bytes, Serdes.Bytes)
            .LeftJoin<byte[], byte[]>(
                builder.Stream(left, Serdes.Bytes, Serdes.Bytes), windows, Pair,
                new("stage", Serdes.Bytes, Serdes.Bytes, Serdes.Bytes))
            .Results.To(joined, Serdes.Bytes, Serdes.Bytes);
        return builder.Build();
    }

    private static byte[] Pair(in Joined<byte[], byte[], byte[]> joined)
    {
        var pair = new byte[24];
        pair[0] = (byte)(joined.Right is null ? 0 : 1);
        joined.Left.AsSpan(0, sizeof(long)).CopyTo(pair.AsSpan(1));
        joined.Right.AsSpan(0, joined.Right is null ? 0 : sizeof(long)).CopyTo(pair.AsSpan(9));
        return pair;
    }

    /// <summary>A value as the peers' generator writes it.</summary>
    public static byte[] Value(long issuedAtMs)
    {
        var value = new byte[100];
        BinaryPrimitives.WriteInt64BigEndian(value, issuedAtMs * 1_000);
        return value;
    }
}
