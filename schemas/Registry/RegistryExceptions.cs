using System.Net;
using Alloc.Schemas.Avro;
using Confluent.SchemaRegistry;

namespace Alloc.Schemas.Registry;

/// <summary>
/// The registry gave no answer that says anything about the record: away, overloaded, or refusing the credentials. Wait
/// and try again; a record must never be given up for it.
/// </summary>
public sealed class RegistryUnavailableException : Exception
{
    public RegistryUnavailableException()
        : this("The schema registry is not available.")
    {
    }

    public RegistryUnavailableException(string message)
        : base(message)
    {
    }

    public RegistryUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>What ends it, as a sentence; empty when it is not known.</summary>
    public string Remedy { get; init; } = "";
}

/// <summary>The registry knows no schema of the id that a record names: a bad record.</summary>
public sealed class UnknownSchemaException : AvroException
{
    public UnknownSchemaException()
        : this("The schema registry knows no such schema.")
    {
    }

    public UnknownSchemaException(string message)
        : base(message)
    {
    }

    public UnknownSchemaException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <param name="schemaId">The id that the registry does not know.</param>
    public UnknownSchemaException(int schemaId)
        : base($"The schema registry knows no schema of id {schemaId}.") => SchemaId = schemaId;

    public int SchemaId { get; }
}

/// <summary>
/// The registry understood a request and refused it: an incompatible or invalid schema, an unknown subject. It is one
/// of the client's own too, so that whoever is written for Confluent's client understands it.
/// </summary>
/// <param name="status">The status of the answer: 404, 409 or 422.</param>
/// <param name="errorCode">The registry's own code, for example 40901 or 42201; 0 when it gave none.</param>
/// <param name="message">What the registry says.</param>
public sealed class RegistryRefusedException(HttpStatusCode status, int errorCode, string message)
    : SchemaRegistryException(message, status, errorCode)
{
    /// <summary>What the registry says, without the code.</summary>
    public override string Message { get; } = message;
}
