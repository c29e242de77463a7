namespace Alloc.Engine.Processing;

/// <summary>
/// Headers of dead letters that say why and where from: the names of Kafka Streams' dead-letter queue (KIP-1034).
/// Values are UTF-8 texts, numbers in decimal digits.
/// </summary>
public static class DeadLetterHeaders
{
    /// <summary>The full name of the exception's type.</summary>
    public const string Exception = "__streams.errors.exception";

    /// <summary>What is wrong, in words.</summary>
    public const string Message = "__streams.errors.message";

    /// <summary>The topic of the record.</summary>
    public const string Topic = "__streams.errors.topic";

    /// <summary>Its partition.</summary>
    public const string Partition = "__streams.errors.partition";

    /// <summary>Its offset.</summary>
    public const string Offset = "__streams.errors.offset";

    /// <summary>Its timestamp, milliseconds since 1970 UTC.</summary>
    public const string Timestamp = "__streams.errors.timestamp";
}
