namespace Alloc.Schemas.Avro;

/// <summary>
/// Bytes or text that are not what their schema says: a bad record, never a fault of the program. Every malformed input
/// of this assembly fails with this exception or one derived from it.
/// </summary>
public class AvroException : Exception
{
    public AvroException()
        : this("The record is not valid Avro.")
    {
    }

    public AvroException(string message)
        : base(message)
    {
    }

    public AvroException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
