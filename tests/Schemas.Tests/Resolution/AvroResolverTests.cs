using Alloc.Schemas.Avro;
using Alloc.Schemas.Samples;

namespace Schemas.Tests.Resolution;

public sealed class AvroResolverTests
{
    [Fact]
    public void The_same_schema_takes_the_direct_path()
    {
        var text = Tree.Schema.ToString();
        var sameButDocumented = AvroSchema.Parse(text.Replace(
            "A recursive record.", "Other.", StringComparison.Ordinal));

        Assert.True(AvroResolver.Create(sameButDocumented, Tree.Schema).IsIdentity);
        Assert.False(AvroResolver.Create(Record("value long"), Tree.Schema).IsIdentity);
    }

    [Fact]
    public void A_field_that_the_writer_lacks_takes_its_default()
    {
        var tree = Resolve<Tree>(Record("value long"), [84]);

        Assert.Equal(42, tree.Value);
        Assert.Empty(tree.Children);
        Assert.Null(tree.Next);
    }

    [Fact]
    public void A_field_that_the_writer_lacks_and_that_has_no_default_is_incompatible()
    {
        var error = Assert.Throws<AvroException>(() => AvroResolver.Create(Record("other long"), Tree.Schema));

        Assert.Contains("Tree.value is not written and has no default", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone string, value long", new byte[] { 4, 65, 66, 84 })]
    [InlineData("value long, gone bytes", new byte[] { 84, 4, 65, 66 })]
    [InlineData("gone {`type`:`array`,`items`:`string`}, value long", new byte[] { 4, 2, 65, 2, 66, 0, 84 })]
    [InlineData("gone {`type`:`array`,`items`:`string`}, value long", new byte[] { 3, 8, 2, 65, 2, 66, 0, 84 })]
    [InlineData(
        "gone {`type`:`map`,`values`:[`null`,`float`]}, value long",
        new byte[] { 4, 2, 65, 0, 2, 66, 2, 1, 2, 3, 4, 0, 84 })]
    [InlineData("gone {`type`:`fixed`,`name`:`F`,`size`:3}, value long", new byte[] { 9, 9, 9, 84 })]
    [InlineData("gone {`type`:`enum`,`name`:`E`,`symbols`:[`A`]}, value long", new byte[] { 0, 84 })]
    [InlineData("gone boolean, value long, more double", new byte[] { 1, 84, 1, 2, 3, 4, 5, 6, 7, 8 })]
    public void A_field_that_the_reader_lacks_is_passed_over(string fields, byte[] bytes)
    {
        Assert.Equal(42, Resolve<Tree>(Record(fields), bytes).Value);
    }

    [Fact]
    public void Fields_in_another_order_are_put_in_the_readers_order()
    {
        const string Writer = """
            {"type":"record","name":"Tree","fields":[
              {"name":"next","type":["null","Tree"]},{"name":"gone","type":"string"},
              {"name":"children","type":{"type":"array","items":"Tree"}},{"name":"value","type":"int"}]}
            """;
        // next: (null, "a", [], 3); gone: "b"; children: one of (null, "", [], 2); value: 1
        byte[] bytes = [2, 0, 2, 97, 0, 6, 2, 98, 2, 0, 0, 0, 4, 0, 2];

        var tree = Resolve<Tree>(AvroSchema.Parse(Writer), bytes);

        Assert.Equal(1, tree.Value);
        Assert.Equal(3, tree.Next!.Value);
        Assert.Equal(2, Assert.Single(tree.Children).Value);
    }

    [Theory]
    [InlineData("int", "long", new byte[] { 5 }, new byte[] { 5 })]
    [InlineData("int", "float", new byte[] { 6 }, new byte[] { 0, 0, 0x40, 0x40 })]
    [InlineData("long", "double", new byte[] { 6 }, new byte[] { 0, 0, 0, 0, 0, 0, 8, 0x40 })]
    [InlineData("float", "double", new byte[] { 0, 0, 0x40, 0x40 }, new byte[] { 0, 0, 0, 0, 0, 0, 8, 0x40 })]
    [InlineData("string", "bytes", new byte[] { 2, 65 }, new byte[] { 2, 65 })]
    [InlineData("bytes", "string", new byte[] { 2, 65 }, new byte[] { 2, 65 })]
    public void Primitives_are_promoted(string writer, string reader, byte[] bytes, byte[] expected)
    {
        Assert.Equal(expected, Rewrite($"`{writer}`", $"`{reader}`", bytes));
    }

    [Theory]
    [InlineData("`long`", "`int`")]
    [InlineData("`double`", "`float`")]
    [InlineData("`string`", "`long`")]
    [InlineData("`boolean`", "`int`")]
    [InlineData("{`type`:`array`,`items`:`string`}", "{`type`:`array`,`items`:`int`}")]
    [InlineData("{`type`:`array`,`items`:`int`}", "{`type`:`map`,`values`:`int`}")]
    [InlineData("{`type`:`fixed`,`name`:`F`,`size`:2}", "{`type`:`fixed`,`name`:`F`,`size`:3}")]
    [InlineData("{`type`:`fixed`,`name`:`F`,`size`:2}", "{`type`:`fixed`,`name`:`G`,`size`:2}")]
    [InlineData("{`type`:`enum`,`name`:`E`,`symbols`:[`A`]}", "{`type`:`enum`,`name`:`E`,`symbols`:[`B`]}")]
    [InlineData("{`type`:`record`,`name`:`A`,`fields`:[]}", "{`type`:`record`,`name`:`B`,`fields`:[]}")]
    [InlineData("[`string`,`boolean`]", "`int`")]
    [InlineData("`string`", "[`null`,`int`]")]
    [InlineData("{`type`:`long`,`logicalType`:`timestamp-millis`}", "{`type`:`long`,`logicalType`:`timestamp-micros`}")]
    [InlineData(
        "{`type`:`bytes`,`logicalType`:`decimal`,`precision`:4,`scale`:2}",
        "{`type`:`bytes`,`logicalType`:`decimal`,`precision`:4,`scale`:1}")]
    [InlineData(
        "{`type`:`record`,`name`:`A`,`fields`:[{`name`:`x`,`type`:`string`}]}",
        "{`type`:`record`,`name`:`A`,`fields`:[{`name`:`x`,`type`:`int`}]}")]
    public void What_has_no_counterpart_is_incompatible(string writer, string reader)
    {
        Assert.Throws<AvroException>(() =>
            AvroResolver.Create(AvroSchema.Parse(writer.Json()), AvroSchema.Parse(reader.Json())));
    }

    [Fact]
    public void Aliases_of_records_and_fields_are_followed()
    {
        const string Reader = """
            {"type":"record","name":"New","namespace":"n","aliases":["o.Old"],"fields":[
              {"name":"amount","aliases":["qty","quantity"],"type":"long"}]}
            """;
        const string Writer = """
            {"type":"record","name":"Old","namespace":"o","fields":[{"name":"quantity","type":"int"}]}
            """;

        Assert.Equal([84], Rewrite(Writer, Reader, [84]));
    }

    [Fact]
    public void A_symbol_goes_by_its_name_and_an_unknown_one_becomes_the_default()
    {
        const string Writer = "{`type`:`enum`,`name`:`E`,`symbols`:[`X`,`B`,`A`]}";
        const string Reader = "{`type`:`enum`,`name`:`E`,`symbols`:[`A`,`B`,`Other`],`default`:`Other`}";

        Assert.Equal([2], Rewrite(Writer, Reader, [2]));
        Assert.Equal([0], Rewrite(Writer, Reader, [4]));
        Assert.Equal([4], Rewrite(Writer, Reader, [0]));
    }

    [Fact]
    public void A_symbol_without_counterpart_is_a_bad_record_only_when_it_occurs()
    {
        const string Writer = "{`type`:`enum`,`name`:`E`,`symbols`:[`X`,`B`]}";
        const string Reader = "{`type`:`enum`,`name`:`E`,`symbols`:[`A`,`B`]}";

        Assert.Equal([2], Rewrite(Writer, Reader, [2]));
        Assert.Throws<AvroException>(() => Rewrite(Writer, Reader, [0]));
    }

    [Theory]
    [InlineData("`int`", "[`null`,`double`,`long`,`int`]", new byte[] { 6 }, new byte[] { 6, 6 })]
    [InlineData("`int`", "[`null`,`long`]", new byte[] { 6 }, new byte[] { 2, 6 })]
    [InlineData("[`null`,`int`]", "[`int`,`null`]", new byte[] { 2, 6 }, new byte[] { 0, 6 })]
    [InlineData("[`null`,`int`]", "`int`", new byte[] { 2, 6 }, new byte[] { 6 })]
    [InlineData("[`int`,`string`]", "[`string`,`long`]", new byte[] { 0, 6 }, new byte[] { 2, 6 })]
    public void Unions_are_matched_branch_by_branch(string writer, string reader, byte[] bytes, byte[] expected)
    {
        Assert.Equal(expected, Rewrite(writer, reader, bytes));
    }

    [Fact]
    public void A_branch_without_counterpart_is_a_bad_record_only_when_it_occurs()
    {
        Assert.Equal([6], Rewrite("[`null`,`int`]", "`int`", [2, 6]));
        Assert.Throws<AvroException>(() => Rewrite("[`null`,`int`]", "`int`", [0]));
    }

    [Fact]
    public void Records_in_a_union_are_told_apart_by_their_full_names()
    {
        const string Reader = """
            [{"type":"record","name":"R","namespace":"a","fields":[]},
             {"type":"record","name":"R","namespace":"b","fields":[]}]
            """;

        Assert.Equal([2], Rewrite("{`type`:`record`,`name`:`R`,`namespace`:`b`,`fields`:[]}", Reader, []));
    }

    [Fact]
    public void A_writers_nesting_is_bounded_too()
    {
        const string Writer = """
            {"type":"record","name":"Tree","fields":[
              {"name":"value","type":"int"},{"name":"next","type":["null","Tree"]},{"name":"gone","type":"int"}]}
            """;
        byte[] bytes = [.. Enumerable.Repeat<byte[]>([0, 2], 10_000).SelectMany(b => b)];

        var error = Assert.Throws<AvroException>(() => Resolve<Tree>(AvroSchema.Parse(Writer), bytes));

        Assert.Contains("deeper", error.Message, StringComparison.Ordinal);
    }

    private static AvroSchema Record(string fields)
    {
        var list = fields.Split(", ").Select(f => f.Split(' ', 2))
            .Select(f => $"{{`name`:`{f[0]}`,`type`:{(f[1][0] == '{' ? f[1] : $"`{f[1]}`")}}}");
        var record =
            $"{{`type`:`record`,`name`:`Tree`,`namespace`:`alloc.samples`,`fields`:[{string.Join(",", list)}]}}";
        return AvroSchema.Parse(record.Json());
    }

    private static T Resolve<T>(AvroSchema writer, byte[] bytes)
        where T : class, IAvroRecord<T> => AvroResolver.Create(writer, T.Schema).Read<T>(bytes);

    private static byte[] Rewrite(string writer, string reader, byte[] bytes)
    {
        using var output = new AvroWriter();
        var input = new AvroReader(bytes);
        AvroResolver.Create(AvroSchema.Parse(writer.Json()), AvroSchema.Parse(reader.Json()))
            .Rewrite(ref input, output);
        input.EnsureEnd();
        return output.WrittenSpan.ToArray();
    }
}
