using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;
using Alloc.Schemas.Samples;
using Alloc.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace Schemas.Tests.Codec;

/// <summary>What holds for every value and for every stretch of bytes.</summary>
public sealed class CodecPropertyTests
{
    private static readonly Config Many = Properties.Of(500);

    private static readonly Gen<string> Text = ArbMap.Default.GeneratorFor<NonNull<string>>()
        .Select(t => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(t.Get)));

    private static readonly Gen<long> Number = Gen.OneOf(
        ArbMap.Default.GeneratorFor<long>(), Gen.Elements(long.MinValue, long.MaxValue, 0L, -1L, 63L, 64L, -64L, -65L));

    [Fact]
    public void Every_record_round_trips()
    {
        Prop.ForAll(Records().ToArbitrary(), record =>
        {
            var bytes = Example.Encode(record);
            var read = Example.Decode<Everything>(bytes);
            return bytes.AsSpan().SequenceEqual(Example.Encode(read))
                && Example.Identity(record).AsSpan().SequenceEqual(Example.Identity(read));
        }).Check(Many);
    }

    [Fact]
    public void Any_bytes_are_a_record_or_a_bad_record()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => IsReadOrRefused(bytes)).Check(Many);
    }

    [Fact]
    public void A_damaged_record_is_a_record_or_a_bad_record()
    {
        var damaged =
            from record in Records()
            from at in ArbMap.Default.GeneratorFor<NonNegativeInt>()
            from value in ArbMap.Default.GeneratorFor<byte>()
            from isCut in ArbMap.Default.GeneratorFor<bool>()
            select Damage(Example.Encode(record), at.Get, value, isCut);

        Prop.ForAll(damaged.ToArbitrary(), IsReadOrRefused).Check(Many);
    }

    [Fact]
    public void A_compatible_writer_is_always_read()
    {
        Prop.ForAll(Pairs().ToArbitrary(), pair =>
        {
            var (writer, reader) = (AvroSchema.Parse(pair.Writer), AvroSchema.Parse(pair.Reader));
            if (SchemaCompatibility.CannotRead(reader, writer).Count > 0)
            {
                return true;
            }
            using var output = new AvroWriter();
            var input = new AvroReader(pair.Bytes);
            AvroResolver.Create(writer, reader).Rewrite(ref input, output);
            // The rewritten bytes are a value of the reader's schema: they can be passed through it unchanged.
            using var again = new AvroWriter();
            var rewritten = new AvroReader(output.WrittenSpan);
            AvroResolver.Create(reader, reader).Rewrite(ref rewritten, again);
            return rewritten.Remaining == 0 && again.WrittenSpan.SequenceEqual(output.WrittenSpan);
        }).Check(Many);
    }

    private static bool IsReadOrRefused(byte[] bytes)
    {
        try
        {
            var read = Example.Decode<Everything>(bytes);
            return Example.Encode(read).Length > 0;
        }
        catch (AvroException)
        {
            return true;
        }
    }

    private static byte[] Damage(byte[] bytes, int at, byte value, bool isCut)
    {
        at %= bytes.Length;
        if (isCut)
        {
            return bytes[..at];
        }
        bytes[at] = value;
        return bytes;
    }

    private static Gen<Everything> Records() =>
        from number in Number
        from other in Number
        from text in Text
        from raw in ArbMap.Default.GeneratorFor<byte[]>()
        from list in Text.ArrayOf()
        from keys in Text.ArrayOf()
        from longs in ArbMap.Default.GeneratorFor<long?[]>()
        from real in ArbMap.Default.GeneratorFor<double>()
        from tree in Trees(3)
        from cents in Gen.Choose(int.MinValue, int.MaxValue)
        from colour in Gen.Elements(Enum.GetValues<Colour>())
        from day in Gen.Choose(0, DateOnly.MaxValue.DayNumber)
        from micros in Gen.Choose(0, 86_399_999)
        from branch in Gen.Choose(0, 2)
        select Example.Everything() with
        {
            Flag = branch == 0,
            Small = unchecked((int)number),
            Big = number,
            Single = (float)real,
            Real = real,
            Text = text,
            Raw = raw,
            Colour = colour,
            List = list,
            Matrix = [[number, other], [], [number]],
            Attributes = keys.Distinct(StringComparer.Ordinal).ToDictionary(k => k, _ => text, StringComparer.Ordinal),
            Tree = tree,
            MaybeLong = longs.Length > 0 ? longs[0] : null,
            MaybeText = branch == 1 ? text : null,
            MaybeList = branch == 2 ? longs : null,
            Day = DateOnly.FromDayNumber(day),
            TimeMillis = TimeOnly.FromTimeSpan(TimeSpan.FromMilliseconds(micros)),
            TimeMicros = TimeOnly.FromTimeSpan(TimeSpan.FromMicroseconds(micros)),
            AtMs = number,
            MaybeAtMs = branch == 0 ? other : null,
            Price = cents / 100m,
            FixedPrice = -(decimal)cents / 100m,
            Shape = branch switch
            {
                0 => new EverythingShape.Circle { Radius = number, CircleValue = text },
                1 => new EverythingShape.Square { Side = other },
                _ => new EverythingShape.Empty(),
            },
            Mixed = [.. longs.Select(l => l is { } v ? new EverythingMixed.OfLong(v) : null)],
        };

    private static Gen<Tree> Trees(int depth) =>
        from value in Number
        from children in depth == 0 ? Gen.Constant(Array.Empty<Tree>()) : Gen.ArrayOf(Trees(depth - 1), 2)
        from next in depth == 0 ? Gen.Constant<Tree?>(null) : Trees(depth - 1).Select(t => (Tree?)t)
        select new Tree { Value = value, Children = children, Next = next };

    // Two records with fields from one small set of names and types, and bytes of the first one.
    private static Gen<(string Writer, string Reader, byte[] Bytes)> Pairs() =>
        from writer in Fields()
        from reader in Fields()
        from seed in ArbMap.Default.GeneratorFor<NonNegativeInt>()
        select (Record(writer), Record(reader), Bytes(writer, seed.Get));

    private static Gen<(string Name, int Type)[]> Fields() =>
        Gen.Elements("a", "b", "c", "d").ArrayOf().SelectMany(
            _ => Gen.Choose(0, Types.Length - 1).ArrayOf(),
            (names, types) => names.Zip(types).DistinctBy(f => f.First).ToArray())
            .Select(fields => fields.Select(f => (f.First, f.Second)).ToArray());

    private static readonly (string Schema, string Default, byte[][] Values)[] Types =
    [
        ("\"int\"", "1", [[6], [0]]),
        ("\"long\"", "2", [[6], [0x80, 0x80, 0x80, 0x80, 0x20]]),
        ("\"double\"", "3", [[0, 0, 0, 0, 0, 0, 0, 0]]),
        ("\"string\"", "\"s\"", [[0], [2, 65]]),
        ("[\"null\",\"int\"]", "null", [[0], [2, 8]]),
        ("[\"null\",\"long\",\"string\"]", "null", [[0], [2, 8], [4, 2, 66]]),
        ("{\"type\":\"array\",\"items\":\"int\"}", "[]", [[0], [2, 2, 0], [3, 4, 2, 4, 0]]),
        ("{\"type\":\"map\",\"values\":[\"null\",\"int\"]}", "{}", [[0], [2, 2, 65, 0, 0]]),
    ];

    private static string Record((string Name, int Type)[] fields) =>
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" + string.Join(",", fields.Select((field, i) =>
        {
            var (schema, defaultValue, _) = Types[field.Type];
            var suffix = i % 3 == 2 ? string.Empty : ",\"default\":" + defaultValue;
            return $"{{\"name\":\"{field.Name}\",\"type\":{schema}{suffix}}}";
        })) + "]}";

    private static byte[] Bytes((string Name, int Type)[] fields, int seed) =>
        [.. fields.SelectMany((f, i) => Types[f.Type].Values[(seed + i) % Types[f.Type].Values.Length])];
}
