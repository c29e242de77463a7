using Alloc.Engine.Processing;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>Headers of dead letters: those of Kafka Streams (KIP-1034), and two of alloc's own.</summary>
internal static class LetterHeaders
{
    public const string Exception = DeadLetterHeaders.Exception;
    public const string Message = DeadLetterHeaders.Message;
    public const string Topic = DeadLetterHeaders.Topic;
    public const string Partition = DeadLetterHeaders.Partition;
    public const string Offset = DeadLetterHeaders.Offset;

    /// <summary>What is wrong, in the word of <c>alloc_dead_letters_total</c>.</summary>
    public const string Kind = "__alloc.errors.kind";

    /// <summary>Bytes that the letter had no room for; its origin has them.</summary>
    public const string OmittedBytes = "__alloc.errors.omitted.bytes";

    private static readonly string[] Beginnings = ["__streams.errors.", "__alloc.errors."];

    /// <summary>True for what the letter says of itself, which the record did not have.</summary>
    public static bool IsOfLetter(string name) =>
        Beginnings.Any(b => name.StartsWith(b, StringComparison.Ordinal));
}
