using System.Text.Json;
using Alloc.Schemas.Avro;
using Alloc.Web.Json;

namespace Console.Tests;

/// <summary>JSON written as Avro: the form that is shown is the form that is read.</summary>
public sealed class AvroJsonWriterTests
{
    private static readonly AvroSchema Schema = AvroSchema.Parse("""
        {"type": "record", "name": "All", "fields": [
          {"name": "text", "type": "string"},
          {"name": "whole", "type": "int", "default": 7},
          {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": null},
          {"name": "day", "type": {"type": "int", "logicalType": "date"}, "default": 0},
          {"name": "share", "type": "double", "default": 0.5},
          {"name": "raw", "type": "bytes", "default": ""},
          {"name": "two", "type": {"type": "fixed", "name": "Two", "size": 2}, "default": "ab"},
          {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
            "default": "\u0000"},
          {"name": "colour", "type": {"type": "enum", "name": "Colour", "symbols": ["Red", "Green"]},
            "default": "Red"},
          {"name": "list", "type": {"type": "array", "items": "long"}, "default": []},
          {"name": "map", "type": {"type": "map", "values": "string"}, "default": {}},
          {"name": "either", "type": ["null", "long", "string"], "default": null},
          {"name": "body", "type": ["null",
            {"type": "record", "name": "Hold", "fields": [{"name": "quantity", "type": "long"}]},
            {"type": "record", "name": "Release", "fields": [{"name": "why", "type": "string"}]}], "default": null}
        ]}
        """);

    [Fact]
    public void What_is_shown_of_a_value_can_be_written_again()
    {
        const string Full = """
            {"text": "ä", "whole": -3, "at": "2026-11-27T18:00:00.123Z", "day": "2026-11-27", "share": 0.25,
             "raw": "AAE=", "two": "eHk=", "price": 12.34, "colour": "Green", "list": [1, 2], "map": {"a": "b"},
             "either": "x", "body": {"type": "Release", "why": "late"}}
            """;

        var bytes = AvroJsonWriter.Write(Schema, Json(Full));
        var shown = AvroJson.Read(Schema, bytes)!.ToJsonString();

        Assert.Equal(bytes, AvroJsonWriter.Write(Schema, Json(shown)));
        Assert.Equal(
            JsonSerializer.Serialize(Json(Full)),
            JsonSerializer.Serialize(Json(shown)));
    }

    [Fact]
    public void What_is_left_out_takes_its_default()
    {
        var value = AvroJson.Read(Schema, AvroJsonWriter.Write(Schema, Json("""{"text": "x"}""")))!;

        Assert.Equal(
            (7, "Red", 0), ((int)value["whole"]!, (string)value["colour"]!, value["list"]!.AsArray().Count));
        Assert.Null(value["body"]);
    }

    [Theory]
    [InlineData("""{}""", "value.text is missing")]
    [InlineData("""[1]""", "value: [1] is not an object, All")]
    [InlineData("""{"text": 1}""", "value.text: 1 is not a text")]
    [InlineData("""{"text": "x", "txet": "y"}""", "value.txet is not known; All has text, whole")]
    [InlineData("""{"text": "x", "whole": 2147483648}""", "value.whole: 2147483648 is no whole number from")]
    [InlineData("""{"text": "x", "whole": 1.5}""", "value.whole: 1.5 is no whole number")]
    [InlineData("""{"text": "x", "at": "yesterday"}""", "value.at: 'yesterday' is not a time")]
    [InlineData("""{"text": "x", "day": "27.11.2026"}""", "value.day: \"27.11.2026\" is no date")]
    [InlineData("""{"text": "x", "raw": "?"}""", "value.raw: \"?\" is no base64")]
    [InlineData("""{"text": "x", "two": "eHl6"}""", "A fixed value has 2 bytes, not 3")]
    [InlineData("""{"text": "x", "colour": "Blue"}""", "value.colour: \"Blue\" is none of Red, Green")]
    [InlineData("""{"text": "x", "list": [1, "a"]}""", "value.list[1]: \"a\" is no whole number")]
    [InlineData("""{"text": "x", "map": {"a": 1}}""", "value.map.a: 1 is not a text")]
    [InlineData("""{"text": "x", "either": true}""", "value.either is no branch of the union")]
    [InlineData("""{"text": "x", "body": {"quantity": 1}}""", "value.body.type is missing")]
    [InlineData("""{"text": "x", "body": {"type": "Extend"}}""", "'Extend' is none of Hold, Release")]
    [InlineData("""{"text": "x", "body": {"type": "Hold"}}""", "value.body.quantity is missing")]
    [InlineData("""{"text": "x", "price": 1.234}""", "more than 2 digits after the point")]
    [InlineData("""{"text": "\ud800"}""", "half a surrogate pair")]
    public void What_does_not_fit_is_said_with_its_path(string json, string problem)
    {
        var e = Assert.Throws<AvroException>(() => AvroJsonWriter.Write(Schema, Json(json)));

        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();
}
