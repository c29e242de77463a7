using System.Numerics;
using System.Text;

namespace Alloc.Schemas.Avro;

/// <summary>The logical types.</summary>
public ref partial struct AvroReader
{
    private const long MicrosPerDay = TimeSpan.TicksPerDay / TimeSpan.TicksPerMicrosecond;

    private static readonly int UnixEpochDay = new DateOnly(1970, 1, 1).DayNumber;

    public DateOnly ReadDate()
    {
        var days = ReadInt() + (long)UnixEpochDay;
        return days >= 0 && days <= DateOnly.MaxValue.DayNumber
            ? DateOnly.FromDayNumber((int)days)
            : throw new AvroException($"Day {days - UnixEpochDay} is not between the years 1 and 9999.");
    }

    public TimeOnly ReadTimeMillis() => TimeOf(ReadInt() * 1000L);

    public TimeOnly ReadTimeMicros() => TimeOf(ReadLong());

    /// <summary>A decimal on bytes.</summary>
    public decimal ReadDecimal(int scale) => DecimalOf(ReadLengthPrefixed(), scale);

    /// <summary>A decimal on a fixed type.</summary>
    public decimal ReadDecimal(int scale, int size) => DecimalOf(Take(size), scale);

    public Guid ReadUuid()
    {
        var bytes = ReadLengthPrefixed();
        return Guid.TryParseExact(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 37)]), "D", out var value)
            ? value
            : throw new AvroException("A text is not a UUID.");
    }

    private static TimeOnly TimeOf(long micros) => micros is >= 0 and < MicrosPerDay
        ? new TimeOnly(micros * TimeSpan.TicksPerMicrosecond)
        : throw new AvroException($"{micros} µs is not a time of a day.");

    private static decimal DecimalOf(ReadOnlySpan<byte> bytes, int scale)
    {
        // 17 bytes hold every value that a C# decimal can: what is longer is refused before it is turned into a number.
        var unscaled = bytes.Length <= 17
            ? new BigInteger(bytes, isUnsigned: false, isBigEndian: true)
            : BigInteger.One << 200;
        if (BigInteger.Abs(unscaled) > new BigInteger(decimal.MaxValue))
        {
            throw new AvroException("A decimal has more than 28 digits.");
        }
        var magnitude = (decimal)BigInteger.Abs(unscaled);
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(magnitude, parts);
        return new decimal(parts[0], parts[1], parts[2], unscaled.Sign < 0, (byte)scale);
    }
}
