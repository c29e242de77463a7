using Alloc.Schemas.Avro;
using Alloc.Schemas.Samples;

namespace Schemas.Tests;

/// <summary>Records that tests share.</summary>
internal static class Example
{
    public static Everything Everything() => new()
    {
        Flag = true,
        Small = -7,
        Big = long.MinValue,
        Single = 1.5f,
        Real = -2.25,
        Text = "größer als 21 Zeichen, mit € und 😀",
        Raw = new byte[] { 0, 255 },
        Nothing = default,
        Hash = new byte[] { 1, 2, 3, 4 },
        Colour = Colour.Blue,
        List = ["a", "", "c"],
        Matrix = [[1, 2], [], [3]],
        Attributes = new Dictionary<string, string> { ["k"] = "v" },
        NestedMap = new Dictionary<string, IReadOnlyDictionary<string, IReadOnlyList<int>>>
        {
            ["outer"] = new Dictionary<string, IReadOnlyList<int>> { ["inner"] = [1, -1] },
        },
        Tree = new Tree { Value = 1, Children = [new Tree { Value = 2 }], Next = new Tree { Value = 3 } },
        MaybeLong = 5,
        MaybeText = null,
        MaybeList = [1, null, 3],
        MaybeColour = Colour.Green,
        Day = new DateOnly(1969, 12, 31),
        TimeMillis = new TimeOnly(23, 59, 59, 999),
        TimeMicros = new TimeOnly(1, 2, 3, 4, 5),
        AtMs = 1_700_000_000_000,
        AtMicrosUs = 1_700_000_000_000_001,
        MaybeAtMs = -1,
        Price = -12345.67m,
        FixedPrice = 0.01m,
        Id = Guid.Parse("3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        Shape = new EverythingShape.Square { Side = 4, Circle = true },
        MaybeShape = new EverythingMaybeShape.Line { Length = 0.5 },
        Mixed =
        [
            null,
            new EverythingMixed.OfString("s"),
            new EverythingMixed.OfLong(9),
            new EverythingMixed.OfColour(Colour.Red),
            new EverythingMixed.OfArray([1, 2]),
            new EverythingMixed.Pair { Left = 1 },
        ],
        Only = "one",
        EverythingValue = "self",
    };

    public static byte[] Encode<T>(T record)
        where T : class, IAvroRecord<T>
    {
        using var writer = new AvroWriter();
        record.Write(writer);
        return writer.WrittenSpan.ToArray();
    }

    public static byte[] Identity<T>(T record)
        where T : class, IAvroRecord<T>
    {
        using var writer = new AvroWriter();
        record.WriteNonDefaultFields(writer);
        return writer.WrittenSpan.ToArray();
    }

    public static T Decode<T>(ReadOnlySpan<byte> bytes)
        where T : class, IAvroRecord<T>
    {
        var reader = new AvroReader(bytes);
        var record = T.Read(ref reader);
        reader.EnsureEnd();
        return record;
    }
}
