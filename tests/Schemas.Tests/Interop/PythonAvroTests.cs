using Alloc.Schemas.Avro;
using Alloc.Schemas.Samples;

namespace Schemas.Tests.Interop;

/// <summary>Both directions with another implementation: it reads what we write, and we read what it writes.</summary>
public sealed class PythonAvroTests
{
    [Fact]
    public void It_reads_our_records_and_writes_the_same_bytes()
    {
        using var python = PythonAvro.StartOrSkip();

        AssertSame(python, Example.Everything());
        AssertSame(python, new Defaults());
        AssertSame(python, new Tree { Value = long.MaxValue, Children = [new Tree { Value = -1 }] });
    }

    [Fact]
    public void It_has_the_same_canonical_form()
    {
        using var python = PythonAvro.StartOrSkip();

        // Of a schema without logical types: python3-avro leaves {"type":"int"} where they were, the specification says
        // "int".
        var answer = python.Convert(Tree.Schema, Tree.Schema, Example.Encode(new Tree { Value = 1 }));

        Assert.Null(answer.Error);
        Assert.Equal(Tree.Schema.CanonicalForm, answer.Canonical!.Replace(" ", string.Empty, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        "long added", "{`name`:`a`,`type`:`int`}", "{`name`:`a`,`type`:`int`},{`name`:`b`,`type`:`long`,`default`:7}",
        "06")]
    [InlineData(
        "removed", "{`name`:`x`,`type`:`string`},{`name`:`a`,`type`:`int`}", "{`name`:`a`,`type`:`int`}", "024106")]
    [InlineData(
        "reordered", "{`name`:`x`,`type`:`string`},{`name`:`a`,`type`:`int`}",
        "{`name`:`a`,`type`:`int`},{`name`:`x`,`type`:`string`}", "024106")]
    [InlineData("promoted", "{`name`:`a`,`type`:`int`}", "{`name`:`a`,`type`:`double`}", "06")]
    [InlineData("became optional", "{`name`:`a`,`type`:`int`}", "{`name`:`a`,`type`:[`null`,`int`]}", "06")]
    [InlineData("array of defaults", "", "{`name`:`l`,`type`:{`type`:`array`,`items`:`int`},`default`:[1,2]}", "")]
    [InlineData("map of defaults", "", "{`name`:`m`,`type`:{`type`:`map`,`values`:`string`},`default`:{`a`:`b`}}", "")]
    [InlineData("bytes of default", "", "{`name`:`b`,`type`:`bytes`,`default`:`A`}", "")]
    [InlineData(
        "record of defaults", "",
        "{`name`:`r`,`default`:{`x`:1.5},`type`:{`type`:`record`,`name`:`I`,`fields`:["
        + "{`name`:`x`,`type`:`float`},{`name`:`y`,`type`:`boolean`,`default`:true}]}}",
        "")]
    [InlineData(
        "sized blocks", "{`name`:`l`,`type`:{`type`:`array`,`items`:`string`}},{`name`:`a`,`type`:`int`}",
        "{`name`:`a`,`type`:`int`}", "03080241024200" + "06")]
    [InlineData(
        "enum by name", "{`name`:`e`,`type`:{`type`:`enum`,`name`:`E`,`symbols`:[`X`,`Y`]}}",
        "{`name`:`e`,`type`:{`type`:`enum`,`name`:`E`,`symbols`:[`Y`,`X`]}}", "02")]
    public void It_resolves_other_writers_in_the_same_way(
        string change, string writerFields, string readerFields, string hex)
    {
        using var python = PythonAvro.StartOrSkip();
        var (writer, reader) = (Record(writerFields), Record(readerFields));
        var bytes = Convert.FromHexString(hex);

        using var output = new AvroWriter();
        var input = new AvroReader(bytes);
        AvroResolver.Create(writer, reader).Rewrite(ref input, output);
        var answer = python.Convert(writer, reader, bytes);

        Assert.True(answer.Error is null, $"{change}: {answer.Error}");
        Assert.Equal(answer.Bytes, output.WrittenSpan.ToArray());
    }

    private static AvroSchema Record(string fields) =>
        AvroSchema.Parse($"{{`type`:`record`,`name`:`R`,`fields`:[{fields}]}}".Json());

    private static void AssertSame<T>(PythonAvro python, T record)
        where T : class, IAvroRecord<T>
    {
        var bytes = Example.Encode(record);

        var answer = python.Convert(T.Schema, T.Schema, bytes);

        Assert.Null(answer.Error);
        Assert.Equal(bytes, answer.Bytes);
        Assert.Equal(bytes, Example.Encode(Example.Decode<T>(answer.Bytes)));
    }
}
