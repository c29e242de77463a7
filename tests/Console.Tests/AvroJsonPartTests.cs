using Alloc.Schemas.Avro;
using Alloc.Web.Json;

namespace Console.Tests;

/// <summary>What can be read of a value that is damaged, and where it ends.</summary>
public sealed class AvroJsonPartTests
{
    private static readonly AvroSchema Schema = AvroSchema.Parse(
        """
        {"type": "record", "name": "R", "fields": [
          {"name": "id", "type": "string"},
          {"name": "body", "type": [
            {"type": "record", "name": "A", "fields": [{"name": "n", "type": "long"}]},
            {"type": "record", "name": "B", "fields": [
              {"name": "n", "type": "long"}, {"name": "s", "type": "string"}]}]},
          {"name": "end", "type": "boolean"}]}
        """);

    // id "ab", branch B, n 3, s "xyz", end true.
    private static readonly byte[] Whole = [4, (byte)'a', (byte)'b', 2, 6, 6, (byte)'x', (byte)'y', (byte)'z', 1];

    [Fact]
    public void A_whole_value_has_no_break()
    {
        var read = AvroJson.ReadPart(Schema, Whole, out var broken);

        Assert.Null(broken);
        Assert.Equal(AvroJson.Read(Schema, Whole)!.ToJsonString(), read!.ToJsonString());
    }

    [Theory]
    [InlineData(0, "id", 0, "{}")]
    [InlineData(2, "id", 0, "{}")]
    [InlineData(3, "body", 3, """{"id":"ab"}""")]
    [InlineData(4, "body.n", 4, """{"id":"ab","body":{"type":"B"}}""")]
    [InlineData(7, "body.s", 5, """{"id":"ab","body":{"type":"B","n":3}}""")]
    [InlineData(9, "end", 9, """{"id":"ab","body":{"type":"B","n":3,"s":"xyz"}}""")]
    public void A_value_that_is_cut_short_shows_what_it_has_and_the_field_that_it_breaks_in(
        int length, string field, int position, string part)
    {
        var read = AvroJson.ReadPart(Schema, Whole.AsSpan(0, length), out var broken);

        Assert.Equal(part, read!.ToJsonString());
        Assert.Equal((field, position), (broken!.Path, broken.Position));
        Assert.NotEmpty(broken.Reason);
    }

    [Fact]
    public void Bytes_behind_the_end_are_a_break_after_the_whole()
    {
        var read = AvroJson.ReadPart(Schema, [.. Whole, 9, 9], out var broken);

        Assert.Equal(AvroJson.Read(Schema, Whole)!.ToJsonString(), read!.ToJsonString());
        Assert.Equal(("", Whole.Length), (broken!.Path, broken.Position));
        Assert.Contains("2 bytes", broken.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_branch_that_is_not_there_is_where_it_breaks()
    {
        AvroJson.ReadPart(Schema, [4, (byte)'a', (byte)'b', 40], out var broken);

        Assert.Equal(("body", 3), (broken!.Path, broken.Position));
    }
}
