using System.Globalization;
using Alloc.Cli.Replays;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>A dead letter, without its value: where it stands, where it came from, what was wrong.</summary>
internal sealed record DeadLetter
{
    /// <summary>What kind of letter it is that does not say.</summary>
    private const string Unexplained = "unexplained";

    public required RecordPosition At { get; init; }

    /// <summary>When the record came into its input, in milliseconds since 1970 UTC.</summary>
    public required long TimestampMs { get; init; }

    /// <summary>Where it was read; null where the letter does not say.</summary>
    public RecordPosition? Origin { get; init; }

    /// <summary>
    /// What is wrong, in a word: that of <c>alloc_dead_letters_total</c>, the name of the failure where there is none.
    /// </summary>
    public required string Kind { get; init; }

    public string? Exception { get; init; }

    public string? Reason { get; init; }

    public byte[]? Key { get; init; }

    /// <summary>Bytes that the letter had no room for; 0: it is whole.</summary>
    public long OmittedBytes { get; init; }

    /// <summary>The letter that it was replayed from; null: it has died once.</summary>
    public string? ReplayedFrom { get; init; }

    /// <summary>Reads a record of a dead-letter topic, whoever wrote it.</summary>
    public static DeadLetter Of(ConsumeResult<byte[]?, byte[]?> record)
    {
        var headers = record.Message.Headers;
        var exception = ReplayHeaders.Text(headers, LetterHeaders.Exception);
        return new DeadLetter
        {
            At = new RecordPosition(record.Topic, record.Partition.Value, record.Offset.Value),
            TimestampMs = record.Message.Timestamp.UnixTimestampMs,
            Origin = OriginOf(headers),
            Kind = ReplayHeaders.Text(headers, LetterHeaders.Kind) ?? ShortName(exception) ?? Unexplained,
            Exception = exception,
            Reason = ReplayHeaders.Text(headers, LetterHeaders.Message),
            Key = record.Message.Key,
            OmittedBytes = Number(headers, LetterHeaders.OmittedBytes) ?? 0,
            ReplayedFrom = ReplayHeaders.Text(headers, ReplayHeaders.From),
        };
    }

    private static RecordPosition? OriginOf(Headers? headers) =>
        ReplayHeaders.Text(headers, LetterHeaders.Topic) is { Length: > 0 } topic
        && Number(headers, LetterHeaders.Partition) is { } partition and <= int.MaxValue
        && Number(headers, LetterHeaders.Offset) is { } offset
            ? new RecordPosition(topic, (int)partition, offset)
            : null;

    private static long? Number(Headers? headers, string name) => long.TryParse(
        ReplayHeaders.Text(headers, name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : null;

    private static string? ShortName(string? exception) =>
        string.IsNullOrEmpty(exception) ? null : exception[(exception.LastIndexOf('.') + 1)..];
}
