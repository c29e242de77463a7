namespace Alloc.Schemas.Avro;

/// <summary>Rewrites one value of the writer into the reader's encoding.</summary>
internal abstract class ResolutionStep
{
    public abstract void Run(ref AvroReader input, AvroWriter output);
}

/// <summary>A value that the reader has no place for.</summary>
internal sealed class FailStep(string reason) : ResolutionStep
{
    public string Reason { get; } = reason;

    public override void Run(ref AvroReader input, AvroWriter output) =>
        throw new AvroException($"The value has no counterpart in the reader's schema: {Reason}.");
}

/// <summary>Bytes of a size known beforehand.</summary>
internal sealed class FixedStep(int size) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output) => output.WriteRaw(input.Take(size));
}

/// <summary>A string or bytes: encoded alike, and checked as text by whoever reads it as text.</summary>
internal sealed class BytesStep : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output) => output.WriteBytes(input.ReadLengthPrefixed());
}

/// <summary>An int or long, as a long if need be: encoded alike.</summary>
internal sealed class IntegerStep(bool isInt) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output) =>
        output.WriteLong(isInt ? input.ReadInt() : input.ReadLong());
}

/// <summary>A number as a floating-point number.</summary>
internal sealed class PromoteStep(bool toDouble, bool fromFloat) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output)
    {
        if (!toDouble)
        {
            output.WriteFloat(input.ReadLong());
        }
        else
        {
            output.WriteDouble(fromFloat ? input.ReadFloat() : input.ReadLong());
        }
    }
}

/// <summary>A symbol, by name, or the reader's default for one it does not know.</summary>
internal sealed class EnumStep(EnumSchema writer, int[] indexes) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output)
    {
        var index = input.ReadEnum(indexes.Length);
        output.WriteLong(indexes[index] >= 0
            ? indexes[index]
            : throw new AvroException(
                $"Symbol {writer.Symbols[index]} of {writer.FullName} is not known to the reader."));
    }
}

/// <summary>The value that the reader takes where the writer has none.</summary>
internal sealed class AppendStep(byte[] bytes) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output) => output.WriteRaw(bytes);
}

/// <summary>The items of an array, or the entries of a map.</summary>
internal sealed class ItemsStep(ResolutionStep item, int minimumItemSize, bool isMap) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output)
    {
        while (input.ReadBlock(minimumItemSize, out var blockEnd) is var count and > 0)
        {
            output.WriteLong(count);
            for (var i = 0; i < count; i++)
            {
                if (isMap)
                {
                    output.WriteBytes(input.ReadLengthPrefixed());
                }
                item.Run(ref input, output);
            }
            input.EndBlock(blockEnd);
        }
        output.WriteLong(0);
    }
}

/// <summary>A writer's union: each branch is read in its own way.</summary>
internal sealed class FromUnionStep(ResolutionStep[] branches) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output) =>
        branches[input.ReadUnionIndex(branches.Length)].Run(ref input, output);
}

/// <summary>A value that is one branch of a reader's union.</summary>
internal sealed class ToUnionStep(int index, ResolutionStep value) : ResolutionStep
{
    public override void Run(ref AvroReader input, AvroWriter output)
    {
        output.WriteLong(index);
        value.Run(ref input, output);
    }
}
