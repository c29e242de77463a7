using Alloc.Schemas.Avro;

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
/// The registry understood a request and refused it: an incompatible or invalid schema, an unknown subject.
/// </summary>
public sealed class RegistryRefusedException : Exception
{
    public RegistryRefusedException()
        : this("The schema registry refused the request.")
    {
    }

    public RegistryRefusedException(string message)
        : base(message)
    {
    }

    public RegistryRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <param name="errorCode">The registry's own code, for example 40901 or 42201.</param>
    /// <param name="message">What the registry says.</param>
    public RegistryRefusedException(int errorCode, string message)
        : base(message) => ErrorCode = errorCode;

    /// <summary>The registry's own code, for example 40901 for an incompatible schema; 0 when it gave none.</summary>
    public int ErrorCode { get; }
}
