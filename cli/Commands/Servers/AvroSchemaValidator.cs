using Alloc.Broker.Registry;
using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace Alloc.Cli.Commands.Servers;

/// <summary>What the embedded registry knows about schemas: the product's own Avro.</summary>
internal sealed class AvroSchemaValidator : ISchemaValidator
{
    /// <inheritdoc/>
    public string Normalize(string schemaText)
    {
        try
        {
            return AvroSchema.Parse(schemaText).ToString();
        }
        catch (AvroException exception)
        {
            throw new InvalidSchemaException(exception.Message, exception);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Check(string candidate, IReadOnlyList<string> versions, string level) =>
        CompatibilityLevels.TryParse(level, out var parsed)
            ? SchemaCompatibility.Check(AvroSchema.Parse(candidate), [.. versions.Select(AvroSchema.Parse)], parsed)
            : throw new ArgumentException($"\"{level}\" is not a compatibility level.", nameof(level));
}
