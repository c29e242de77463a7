using Alloc.Schemas.Avro;

namespace Schemas.Tests.Schema;

public sealed class SchemaParserTests
{
    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("{`type`:`long`} x", 1, 17)]
    [InlineData("`nonsense`", 1, 1)]
    [InlineData("{`type`:\n`record`, `name`:`1`, `fields`:[]}", 2, 18)]
    [InlineData(
        "{`type`:`record`,`name`:`R`,`fields`:[\n  {`name`:`a`,`type`:`int`},\n  {`name`:`a`,`type`:`int`}]}", 3, 11)]
    [InlineData("{`type`:`record`,`name`:`R`,`fields`:[\n  {`name`:`a`,`type`:`int`,`default`:`x`}]}", 2, 38)]
    [InlineData("{`type`:`record`,`name`:`R`,`fields`:[{`name`:`a`}]}", 1, 39)]
    [InlineData("{`type`:`enum`,`name`:`E`,`symbols`:[`A`,`A`]}", 1, 37)]
    [InlineData("{`type`:`enum`,`name`:`E`,`symbols`:[`A`],`default`:`B`}", 1, 53)]
    [InlineData("{`type`:`enum`,`name`:`E`,`symbols`:[`A-1`]}", 1, 38)]
    [InlineData("{`type`:`fixed`,`name`:`F`,`size`:-1}", 1, 35)]
    [InlineData("[`int`,`int`]", 1, 8)]
    [InlineData("[`null`,[`int`]]", 1, 9)]
    [InlineData("{`type`:`array`}", 1, 1)]
    [InlineData("{`type`:`long`,`type`:`int`}", 1, 16)]
    [InlineData("{`type`:`record`,`name`:`long`,`fields`:[]}", 1, 25)]
    [InlineData("`lo\\x`", 1, 6)]
    [InlineData("{`type`:01}", 1, 10)]
    public void What_is_no_schema_is_refused_with_line_and_column(string text, int line, int column)
    {
        var error = Assert.Throws<AvroSchemaException>(() => AvroSchema.Parse(text.Json()));

        Assert.Equal((line, column), (error.Place.Line + 1, error.Place.Column + 1));
    }

    [Fact]
    public void Nesting_deeper_than_the_bound_is_refused()
    {
        var text = string.Concat(Enumerable.Repeat("{`type`:`array`,`items`:", 10_000)) + "`int`";

        var error = Assert.Throws<AvroSchemaException>(() => AvroSchema.Parse(text.Json()));

        Assert.Contains("deeper", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_may_use_each_others_types_in_any_order()
    {
        var errors = new List<AvroSchemaException>();

        var types = SchemaParser.ParseFiles(
            [
                File("a.avsc", "{`type`:`record`,`name`:`A`,`namespace`:`n`,`fields`:[{`name`:`b`,`type`:`B`}," +
                    "{`name`:`inner`,`type`:[`null`,`n.Inner`],`default`:null}]}"),
                File("b.avsc",
                    "{`type`:`record`,`name`:`B`,`namespace`:`n`,`fields`:[{`name`:`a`,`type`:[`null`,`A`]}," +
                    "{`name`:`i`,`type`:{`type`:`enum`,`name`:`Inner`,`symbols`:[`X`]}}]}"),
            ],
            errors);

        Assert.Empty(errors);
        Assert.Equal(["n.A", "n.B", "n.Inner"], types.Select(t => t.FullName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_text_of_a_record_holds_every_type_it_uses()
    {
        var errors = new List<AvroSchemaException>();
        var types = SchemaParser.ParseFiles(
            [
                File("a.avsc", "{`type`:`record`,`name`:`A`,`namespace`:`n`,`doc`:`d`,`unit`:`m`,`fields`:[" +
                    "{`name`:`b`,`type`:`m.B`,`doc`:`x \\`y\\``},{`name`:`c`,`type`:`m.B`}," +
                    "{`name`:`t`,`type`:{`type`:`long`,`logicalType`:`timestamp-millis`},`default`:3}]}"),
                File("b.avsc", "{`type`:`fixed`,`name`:`B`,`namespace`:`m`,`size`:2}"),
            ],
            errors);

        var text = types.Single(t => t.Name == "A").ToString();

        Assert.Equal(
            ("{`type`:`record`,`name`:`A`,`namespace`:`n`,`doc`:`d`,`fields`:[" +
            "{`name`:`b`,`type`:{`type`:`fixed`,`name`:`B`,`namespace`:`m`,`size`:2},`doc`:`x \\`y\\``}," +
            "{`name`:`c`,`type`:`m.B`}," +
            "{`name`:`t`,`type`:{`type`:`long`,`logicalType`:`timestamp-millis`},`default`:3}],`unit`:`m`}").Json(),
            text);
        Assert.Equal(text, AvroSchema.Parse(text).ToString());
    }

    [Fact]
    public void A_wrong_file_does_not_hide_what_is_wrong_in_another()
    {
        var errors = new List<AvroSchemaException>();

        SchemaParser.ParseFiles(
            [File("a.avsc", "{"), File("b.avsc", "{`type`:`long`,}"), File("c.avsc", "`nope`")], errors);

        Assert.Equal(["a.avsc", "b.avsc", "c.avsc"], errors.Select(e => e.SchemaSource));
    }

    [Fact]
    public void The_same_name_in_two_files_is_refused()
    {
        var errors = new List<AvroSchemaException>();
        const string Text = "{`type`:`enum`,`name`:`E`,`symbols`:[`A`]}";

        SchemaParser.ParseFiles([File("a.avsc", Text), File("b.avsc", Text)], errors);

        Assert.Contains("already defined in a.avsc", Assert.Single(errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{`type`:`int`,`logicalType`:`timestamp-millis`}", AvroLogicalType.None)]
    [InlineData("{`type`:`long`,`logicalType`:`timestamp-millis`}", AvroLogicalType.TimestampMillis)]
    [InlineData("{`type`:`bytes`,`logicalType`:`decimal`,`precision`:2,`scale`:3}", AvroLogicalType.None)]
    [InlineData("{`type`:`bytes`,`logicalType`:`decimal`,`precision`:3,`scale`:3}", AvroLogicalType.Decimal)]
    [InlineData("{`type`:`string`,`logicalType`:`invented`}", AvroLogicalType.None)]
    public void A_logical_type_that_does_not_fit_is_ignored(string text, AvroLogicalType expected)
    {
        Assert.Equal(expected, AvroSchema.Parse(text.Json()).LogicalType);
    }

    private static KeyValuePair<string, string> File(string name, string text) => new(name, text.Json());
}
