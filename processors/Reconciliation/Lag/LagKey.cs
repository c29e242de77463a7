using System.Buffers;
using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Processors.Keys;

namespace Alloc.Processors.Reconciliation.Lag;

/// <summary>Some minutes of the pairs of a class.</summary>
/// <param name="Class">The class.</param>
/// <param name="Name">What the pairs have in common beside; empty: nothing.</param>
/// <param name="FromMs">When the minutes begin, milliseconds since 1970 UTC.</param>
internal readonly record struct LagKey(MismatchClass Class, string Name, long FromMs)
{
    /// <summary>Keys as bytes.</summary>
    public static ISerde<LagKey> Serde { get; } = new KeySerde<LagKey>(Write, Read);

    private static void Write(LagKey key, IBufferWriter<byte> output)
    {
        OrderedKeys.WriteText(key.Class.ToString(), output);
        OrderedKeys.WriteText(key.Name, output);
        OrderedKeys.WriteNumber(key.FromMs, output);
    }

    private static LagKey Read(ref KeyReader reader)
    {
        var name = reader.Text();
        return Enum.TryParse<MismatchClass>(name, out var mismatch)
            ? new LagKey(mismatch, reader.Text(), reader.Number())
            : throw new TaskCorruptedException($"A key of a store names the unknown class of mismatches '{name}'.");
    }
}
