using System.Text;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Samples;

namespace Schemas.Tests.Codec;

public sealed class GeneratedRecordTests
{
    [Fact]
    public void Every_kind_of_field_round_trips()
    {
        var original = Example.Everything();

        var bytes = Example.Encode(original);
        var read = Example.Decode<Everything>(bytes);

        Assert.Equal(bytes, Example.Encode(read));
        Assert.Equal(original.Text, read.Text);
        Assert.Equal(original.Day, read.Day);
        Assert.Equal(original.TimeMillis, read.TimeMillis);
        Assert.Equal(original.TimeMicros, read.TimeMicros);
        Assert.Equal(original.Price, read.Price);
        Assert.Equal(original.FixedPrice, read.FixedPrice);
        Assert.Equal(original.Id, read.Id);
        Assert.Equal(original.AtMicrosUs, read.AtMicrosUs);
        Assert.Equal(original.MaybeList, read.MaybeList);
        Assert.Equal(original.Shape, read.Shape);
        Assert.Equal(3, read.Tree.Next!.Value);
        Assert.Equal(-1, read.NestedMap["outer"]["inner"][1]);
        Assert.Null(read.Mixed[0]);
        Assert.Equal(new EverythingMixed.OfLong(9), read.Mixed[2]);
        Assert.Equal(new EverythingMixed.Pair { Left = 1, Right = -1 }, read.Mixed[5]);
    }

    [Fact]
    public void Fields_take_the_defaults_of_their_schema()
    {
        var defaults = new Defaults();

        Assert.True(defaults.Flag);
        Assert.Equal(int.MinValue, defaults.Small);
        Assert.Equal(long.MinValue, defaults.Big);
        Assert.Equal("a \"quoted\" \\ text\nä", defaults.Text);
        Assert.Equal([0, 255], defaults.Raw.ToArray());
        Assert.Equal("ab"u8.ToArray(), defaults.Hash.ToArray());
        Assert.Equal(Colour.Green, defaults.Colour);
        Assert.Equal([1, 2], defaults.List);
        Assert.Equal(Colour.Blue, defaults.Map["a"]);
        Assert.Equal(new Point { X = 3, Y = 7 }, defaults.Point);
        Assert.Equal(5, defaults.LongFirst);
        Assert.Equal(new DateOnly(1970, 1, 2), defaults.Day);
        Assert.Equal(new TimeOnly(0, 0, 1), defaults.Time);
        Assert.Equal(12, defaults.AtMs);
        Assert.Equal(-1.23m, defaults.Price);
        Assert.Equal(new DefaultsChoice.Pick { N = 4 }, defaults.Choice);
        Assert.Equal(new DefaultsScalarChoice.OfInt(4), defaults.ScalarChoice);
    }

    [Fact]
    public void Defaults_in_code_are_the_defaults_that_a_reader_adds()
    {
        var nothing = AvroSchema.Parse("{\"type\":\"record\",\"name\":\"Defaults\",\"fields\":[]}");

        var resolved = AvroResolver.Create(nothing, Defaults.Schema).Read<Defaults>([]);

        Assert.Equal(Example.Encode(new Defaults()), Example.Encode(resolved));
    }

    [Fact]
    public void Fields_equal_to_their_default_leave_no_trace_in_the_identity()
    {
        var read = Example.Decode<Defaults>(Example.Encode(new Defaults()));

        Assert.Equal([0], Example.Identity(new Defaults()));
        Assert.Equal([0], Example.Identity(read));
    }

    [Fact]
    public void The_identity_names_each_field_that_is_not_its_default()
    {
        var identity = Example.Identity(new Defaults { Small = 3, List = [1, 3], Colour = Colour.Red, Maybe = 7 });

        byte[] expected =
        [
            .. Text("small"), 6, .. Text("colour"), .. Text("Red"), .. Text("list"), 4, 2, 6,
            .. Text("maybe"), 2, 14, 0,
        ];
        Assert.Equal(expected, identity);
    }

    [Fact]
    public void The_identity_of_a_union_goes_by_the_name_of_its_branch()
    {
        var identity = Example.Identity(new Defaults { Choice = new DefaultsChoice.OfString("x") });

        Assert.Equal([.. Text("choice"), .. Text("string"), .. Text("x"), 0], identity);
    }

    [Fact]
    public void The_identity_of_a_map_does_not_depend_on_the_order_of_its_entries()
    {
        var one = new Defaults { Map = new Dictionary<string, Colour> { ["x"] = Colour.Red, ["b"] = Colour.Blue } };
        var other = new Defaults { Map = new Dictionary<string, Colour> { ["b"] = Colour.Blue, ["x"] = Colour.Red } };

        Assert.Equal(Example.Identity(one), Example.Identity(other));
    }

    [Fact]
    public void A_symbol_outside_its_enum_is_not_written()
    {
        Assert.Throws<AvroException>(() => Example.Encode(new Defaults { Colour = (Colour)17 }));
    }

    [Theory]
    [InlineData("1.234")]
    [InlineData("100000000000.00")]
    public void A_decimal_that_does_not_fit_is_not_written(string value)
    {
        var price = decimal.Parse(value, System.Globalization.CultureInfo.InvariantCulture);

        Assert.Throws<AvroException>(() => Example.Encode(Example.Everything() with { Price = price }));
        Assert.Throws<AvroException>(() => Example.Encode(Example.Everything() with { FixedPrice = price }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(2_730)]
    [InlineData(2_731)]
    [InlineData(100_000)]
    public void Strings_of_every_length_round_trip(int length)
    {
        foreach (var c in new[] { 'a', 'ä', '€' })
        {
            using var writer = new AvroWriter(1);
            var text = new string(c, length);
            writer.WriteLong(1);
            writer.WriteString(text);
            writer.WriteLong(2);

            var reader = new AvroReader(writer.WrittenSpan);

            Assert.Equal(1, reader.ReadLong());
            Assert.Equal(text, reader.ReadString());
            Assert.Equal(2, reader.ReadLong());
            reader.EnsureEnd();
        }
    }

    [Fact]
    public void Schema_text_is_self_contained()
    {
        var text = Everything.Schema.ToString();

        Assert.Equal(Everything.Schema.CanonicalForm, AvroSchema.Parse(text).CanonicalForm);
        Assert.Contains("\"name\":\"Tree\"", text, StringComparison.Ordinal);
    }

    private static byte[] Text(string text) => [(byte)(text.Length << 1), .. Encoding.UTF8.GetBytes(text)];
}
