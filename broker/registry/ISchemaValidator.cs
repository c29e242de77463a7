namespace Alloc.Broker.Registry;

/// <summary>
/// What the registry needs to know about schemas and does not know itself: this project depends on no schema library.
/// </summary>
public interface ISchemaValidator
{
    /// <summary>
    /// The schema's text in the one form in which equal schemas are equal: no white space, attributes in one order.
    /// </summary>
    /// <param name="schemaText">The text as it was sent.</param>
    /// <exception cref="InvalidSchemaException">The text is not a schema; the message says where and why.</exception>
    string Normalize(string schemaText);

    /// <summary>What stands against a new version of a subject; empty when it is compatible.</summary>
    /// <param name="candidate">The new version, normalized.</param>
    /// <param name="versions">The versions so far, normalized, oldest first.</param>
    /// <param name="level">One of the seven levels, for example <c>FULL_TRANSITIVE</c>.</param>
    IReadOnlyList<string> Check(string candidate, IReadOnlyList<string> versions, string level);
}

/// <summary>A text that is not a schema.</summary>
public sealed class InvalidSchemaException : Exception
{
    public InvalidSchemaException()
        : this("The text is not a schema.")
    {
    }

    public InvalidSchemaException(string message)
        : base(message)
    {
    }

    public InvalidSchemaException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
