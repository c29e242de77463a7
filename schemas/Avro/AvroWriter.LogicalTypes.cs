using System.Numerics;

namespace Alloc.Schemas.Avro;

/// <summary>The logical types.</summary>
public sealed partial class AvroWriter
{
    private static readonly int UnixEpochDay = new DateOnly(1970, 1, 1).DayNumber;

    public void WriteDate(DateOnly value) => WriteLong(value.DayNumber - UnixEpochDay);

    /// <exception cref="AvroException">The time has a part smaller than a millisecond.</exception>
    public void WriteTimeMillis(TimeOnly value) => WriteLong(Whole(value, TimeSpan.TicksPerMillisecond));

    /// <exception cref="AvroException">The time has a part smaller than a microsecond.</exception>
    public void WriteTimeMicros(TimeOnly value) => WriteLong(Whole(value, TimeSpan.TicksPerMicrosecond));

    /// <summary>A decimal on bytes.</summary>
    /// <exception cref="AvroException">The value has more digits than the type.</exception>
    public void WriteDecimal(decimal value, int precision, int scale)
    {
        Span<byte> bytes = stackalloc byte[16];
        WriteBytes(bytes[..Unscaled(value, precision, scale, bytes)]);
    }

    /// <summary>A decimal on a fixed type.</summary>
    /// <exception cref="AvroException">The value has more digits than the type, or does not fit its bytes.</exception>
    public void WriteDecimal(decimal value, int precision, int scale, int size)
    {
        Span<byte> bytes = stackalloc byte[16];
        var length = Unscaled(value, precision, scale, bytes);
        if (length > size)
        {
            throw new AvroException($"The decimal {value} does not fit {size} bytes.");
        }
        Ensure(size);
        buffer.AsSpan(position, size - length).Fill(value < 0 ? (byte)0xff : (byte)0);
        bytes[..length].CopyTo(buffer.AsSpan(position + size - length));
        position += size;
    }

    public void WriteUuid(Guid value)
    {
        WriteLong(36);
        Ensure(36);
        value.TryFormat(buffer.AsSpan(position), out var written, "D");
        position += written;
    }

    private static long Whole(TimeOnly value, long ticksPerUnit) => value.Ticks % ticksPerUnit == 0
        ? value.Ticks / ticksPerUnit
        : throw new AvroException($"The time {value:O} is finer than its type.");

    private static int Unscaled(decimal value, int precision, int scale, Span<byte> target)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var unscaled = new BigInteger(new decimal(parts[0], parts[1], parts[2], value < 0, 0));
        var excess = value.Scale - scale;
        var factor = BigInteger.Pow(10, Math.Abs(excess));
        if (excess <= 0)
        {
            unscaled *= factor;
        }
        else
        {
            unscaled = BigInteger.DivRem(unscaled, factor, out var rest);
            if (!rest.IsZero)
            {
                throw new AvroException($"The decimal {value} has more than {scale} digits after the point.");
            }
        }
        if (BigInteger.Abs(unscaled) >= BigInteger.Pow(10, precision))
        {
            throw new AvroException($"The decimal {value} has more than {precision} digits.");
        }
        return unscaled.TryWriteBytes(target, out var written, isUnsigned: false, isBigEndian: true)
            ? written
            : throw new AvroException($"The decimal {value} does not fit 16 bytes.");
    }
}
