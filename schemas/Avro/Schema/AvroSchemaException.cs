namespace Alloc.Schemas.Avro;

/// <summary>A schema text that is not a valid Avro schema, with the place in the text.</summary>
public sealed class AvroSchemaException : AvroException
{
    public AvroSchemaException()
        : this("The schema is not valid.")
    {
    }

    public AvroSchemaException(string message)
        : base(message) => Reason = message;

    public AvroSchemaException(string message, Exception innerException)
        : base(message, innerException) => Reason = message;

    /// <param name="reason">What is wrong, without the place.</param>
    /// <param name="source">The file or other source of the text; null when it has no name.</param>
    /// <param name="place">The place in the text.</param>
    public AvroSchemaException(string reason, string? source, TextPlace place)
        : base($"{(source is null ? string.Empty : source + " ")}line {place.Line + 1}, column {place.Column + 1}: "
            + $"{reason}")
    {
        Reason = reason;
        SchemaSource = source;
        Place = place;
    }

    /// <summary>What is wrong, without the place.</summary>
    public string Reason { get; }

    /// <summary>The file that the text came from; null when it has no name.</summary>
    public string? SchemaSource { get; }

    /// <summary>Where in the text.</summary>
    public TextPlace Place { get; }
}
